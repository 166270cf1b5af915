import Glibc

/// An unprivileged user.
enum Nobody {
    private static let id: UInt32 = 65_534

    /// Runs `body` with the rights of nobody; needs root. All of the process has them meanwhile.
    static func run<Result>(_ body: () throws -> Result) rethrows -> Result {
        let (group, user) = (getegid(), geteuid())
        // The group first and last: nobody may not change it.
        precondition(setegid(id) == 0 && seteuid(id) == 0, "not root")
        defer { precondition(seteuid(user) == 0 && setegid(group) == 0, "root is lost") }
        return try body()
    }
}
