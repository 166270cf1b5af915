import Foundation

/// A certificate authority and a server certificate for localhost, made once a run by the openssl command.
package struct Certificates: Sendable {
    package let authority, certificate, key: URL

    package static let shared = Result { try Certificates() }

    private init() throws {
        let name = "kiosk-bench-certificates-\(getpid())"
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        authority = folder.appendingPathComponent("ca.pem")
        certificate = folder.appendingPathComponent("server.pem")
        key = folder.appendingPathComponent("server.key")
        let authorityKey = folder.appendingPathComponent("ca.key")
        let new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        try Self.openssl(
            new + ["-subj", "/CN=kiosk test authority", "-keyout", authorityKey.path, "-out", authority.path])
        try Self.openssl(new + [
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext", "basicConstraints=critical,CA:FALSE", "-CA", authority.path, "-CAkey", authorityKey.path,
            "-keyout", key.path, "-out", certificate.path,
        ])
    }

    private static func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw TimedOut(description: "openssl: \(text)") }
    }
}
