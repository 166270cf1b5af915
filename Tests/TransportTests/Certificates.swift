import Foundation

/// Certificates made by the `openssl` command, once for all tests of the process, in a folder that it removes at exit.
final class Certificates: Sendable {
    struct Pair: Sendable {
        let certificate: String
        let key: String
    }

    static let shared = Certificates()

    let folder: URL
    let caFile: String
    /// For localhost and kiosk.test.
    let good: Pair
    let expired: Pair
    /// For another.test.
    let wrongHost: Pair
    /// For 127.0.0.1 and ::1.
    let address: Pair
    /// Signed by nobody but itself, for localhost.
    let selfSigned: Pair

    private init() {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("transport-\(UUID().uuidString)")
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            fatalError("\(folder.path): \(error)")
        }
        self.folder = folder
        atexit { try? FileManager.default.removeItem(at: Certificates.shared.folder) }
        let path = { (name: String) in folder.appendingPathComponent(name).path }
        let root = Pair(certificate: path("ca.pem"), key: path("ca.key"))
        caFile = root.certificate
        Certificates.makeSelfSigned(root, name: "Test CA", alternatives: nil)
        let issue = { (name: String, alternatives: String, isExpired: Bool) in
            let pair = Pair(certificate: path(name + ".pem"), key: path(name + ".key"))
            Certificates.issue(pair, by: root, alternatives: alternatives, isExpired: isExpired)
            return pair
        }
        good = issue("good", "DNS:localhost,DNS:kiosk.test", false)
        expired = issue("expired", "DNS:localhost", true)
        wrongHost = issue("wrong-host", "DNS:another.test", false)
        address = issue("address", "IP:127.0.0.1,IP:::1", false)
        selfSigned = Pair(certificate: path("self.pem"), key: path("self.key"))
        Certificates.makeSelfSigned(selfSigned, name: "localhost", alternatives: "DNS:localhost")
    }

    /// A file in the folder with the given text.
    func file(_ name: String, _ text: String) -> String {
        let path = folder.appendingPathComponent(name).path
        do { try text.write(toFile: path, atomically: true, encoding: .utf8) } catch { fatalError("\(path): \(error)") }
        return path
    }

    private static func makeSelfSigned(_ pair: Pair, name: String, alternatives: String?) {
        let extra = alternatives.map { ["-addext", "subjectAltName=\($0)"] } ?? []
        openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", pair.key])
        openssl(["req", "-x509", "-new", "-key", pair.key, "-subj", "/CN=\(name)", "-days", "2",
            "-out", pair.certificate] + extra)
    }

    private static func issue(_ pair: Pair, by root: Pair, alternatives: String, isExpired: Bool) {
        let request = pair.certificate + ".request"
        let extensions = pair.certificate + ".extensions"
        _ = FileManager.default.createFile(atPath: extensions, contents: Data("subjectAltName=\(alternatives)".utf8))
        openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", pair.key])
        openssl(["req", "-new", "-key", pair.key, "-subj", "/CN=test", "-out", request])
        let sign = ["x509", "-req", "-in", request, "-CA", root.certificate, "-CAkey", root.key, "-CAcreateserial",
            "-extfile", extensions, "-out", pair.certificate]
        guard isExpired else { return openssl(sign + ["-days", "2"]) }
        // Older releases take a negative number of days, newer ones two dates.
        let dates = ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"]
        if !succeeds(sign + dates) { openssl(sign + ["-days", "-1"]) }
    }

    private static func openssl(_ arguments: [String]) {
        precondition(succeeds(arguments), "openssl \(arguments.joined(separator: " ")) failed")
    }

    private static func succeeds(_ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
