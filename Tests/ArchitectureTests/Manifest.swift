/// The targets of Package.swift and what each depends on, as the manifest states them.
///
/// Read as text: asking the package manager would start it inside itself.
struct Manifest {
    struct Target: Equatable {
        let kind: String
        let name: String
        let dependencies: Set<String>
    }

    let targets: [Target]

    init(_ text: String) {
        let starts = text.matches(of: /\.(target|executableTarget|testTarget)\s*\(/)
        targets = starts.compactMap { start in
            let body = Self.balanced(text[start.range.upperBound...])
            guard let name = body.firstMatch(of: /name:\s*"([^"]+)"/) else { return nil }
            var dependencies: Set<String> = []
            if let list = body.firstMatch(of: /dependencies:\s*\[/) {
                let items = Self.balanced(body[list.range.upperBound...])
                let products = items.matches(of: /name:\s*"([^"]+)",\s*package:\s*"[^"]+"/)
                let names = items.replacing(/\.product\([^)]*\)/, with: "").matches(of: /"([^"]+)"/)
                dependencies = Set(products.map { String($0.1) } + names.map { String($0.1) })
            }
            return Target(kind: String(start.1), name: String(name.1), dependencies: dependencies)
        }
    }

    /// What stands before the bracket that closes the one before `text`.
    private static func balanced(_ text: Substring) -> Substring {
        var depth = 1
        let end = text.firstIndex { character in
            if "([".contains(character) { depth += 1 }
            if ")]".contains(character) { depth -= 1 }
            return depth == 0
        }
        return text[..<(end ?? text.endIndex)]
    }
}
