import Foundation
import MonotonicClock
import Testing

@testable import Transport

@Suite struct TLSTests {
    private let certificates = Certificates.shared

    /// How a client fares with a server that shows this certificate: nil when the server got its request.
    private func failure(
        _ shown: Certificates.Pair, host: String, caFile: String? = Certificates.shared.caFile
    ) throws -> (error: TransportError?, port: Int) {
        let tls = try TLSServerContext(certificateFile: shown.certificate, keyFile: shown.key)
        let listener = try WebSocketListener(host: host == "[::1]" ? "::1" : "127.0.0.1", port: 0, tls: tls)
        let client = Peer(try connect(to: "wss://\(host):\(listener.port)/", caFile: caFile))
        var server: Peer?
        try #require(eventually { () -> Bool? in
            client.process()
            server = server ?? listener.accept(now: start).map(Peer.init)
            server?.process()
            return client.closure != nil || server?.request != nil ? true : nil
        } == true)
        return (client.closure?.error, listener.port)
    }

    @Test func aCertificateOfTheTrustedAuthorityOpens() throws {
        #expect(try failure(certificates.good, host: "localhost").error == nil)
    }

    @Test(arguments: ["127.0.0.1", "[::1]"])
    func anAddressIsVerifiedAgainstTheCertificatesAddresses(host: String) throws {
        #expect(try failure(certificates.address, host: host).error == nil)
    }

    @Test func aCertificateForNamesDoesNotServeAnAddress() throws {
        let (error, port) = try failure(certificates.good, host: "127.0.0.1")
        #expect(error?.description == "127.0.0.1:\(port): tls: IP address mismatch")
    }

    @Test func anExpiredCertificateIsRefused() throws {
        let (error, port) = try failure(certificates.expired, host: "localhost")
        #expect(error?.description == "localhost:\(port): tls: certificate has expired")
    }

    @Test func aCertificateForAnotherHostIsRefused() throws {
        let (error, port) = try failure(certificates.wrongHost, host: "localhost")
        #expect(error?.description == "localhost:\(port): tls: hostname mismatch")
    }

    @Test func aSelfSignedCertificateIsRefused() throws {
        let (error, port) = try failure(certificates.selfSigned, host: "localhost")
        #expect(error?.description == "localhost:\(port): tls: self-signed certificate")
    }

    @Test func anUnknownAuthorityIsRefused() throws {
        let (error, port) = try failure(certificates.good, host: "localhost", caFile: nil)
        #expect(error?.description == "localhost:\(port): tls: unable to get local issuer certificate")
    }

    @Test func aSelfSignedCertificateThatIsTrustedByFileOpens() throws {
        let shown = certificates.selfSigned
        #expect(try failure(shown, host: "localhost", caFile: shown.certificate).error == nil)
    }

    @Test func aServerThatSpeaksNoTLSIsNamed() throws {
        let server = try RawServer()
        let client = Peer(try connect(to: "wss://localhost:\(server.port)/"))
        let pair = RawPair(client: client, server: server)
        try #require(pair.run { !server.received.isEmpty })
        let closure = try pair.closure(afterWriting: "HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
        #expect(closure.error?.description == "localhost:\(server.port): tls: "
            + "wrong version number (the peer does not speak TLS on this port)")
    }

    @Test func aServerThatHangsUpInTheHandshakeIsNamed() throws {
        let server = try RawServer()
        let pair = RawPair(client: Peer(try connect(to: "wss://localhost:\(server.port)/")), server: server)
        try #require(pair.run { !server.received.isEmpty })
        #expect(try pair.closure(afterWriting: []).error?.reason == "connection closed during the handshake")
    }

    @Test func aServerSilentInTheHandshakeIsGivenUpAfterTenSeconds() throws {
        // By its number: where localhost has two addresses, the one that refused would be named as well.
        let server = try RawServer()
        let pair = RawPair(client: Peer(try connect(to: "wss://127.0.0.1:\(server.port)/")), server: server)
        #expect(!pair.client.socket.isSecuring)
        try #require(pair.run { !server.received.isEmpty })
        #expect(pair.client.socket.isSecuring)
        pair.client.process(start + .seconds(10))
        #expect(!pair.client.socket.isSecuring)
        #expect(pair.client.closure?.error?.description == "127.0.0.1:\(server.port): tls: no answer within 10 s")
    }

    @Test func aServerThatOnlySpeaksTLS11IsRefused() throws {
        // A port that was free a moment ago.
        let port = try RawServer().port
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-quiet", "-tls1_1",
            "-cert", certificates.good.certificate, "-key", certificates.good.key, "-cipher", "DEFAULT@SECLEVEL=0"]
        // The server ends with its input.
        let input = Pipe()
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            // Not SIGTERM: the child inherits the blocked signals of the test's thread.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        var client = Peer(try connect(to: "wss://localhost:\(port)/"))
        let error = try eventually { () -> TransportError? in
            client.process()
            guard client.closure?.error?.step == .connect else { return client.closure?.error }
            // It is not listening yet.
            client = Peer(try connect(to: "wss://localhost:\(port)/"))
            return nil
        }
        #expect(error?.description == "localhost:\(port): tls: tlsv1 alert protocol version")
    }

    @Test func aMissingCAFileIsNamed() {
        let error = thrown(TransportError.self) { try TLSClientContext(caFile: "/nowhere/ca.pem") }
        #expect(error?.description == "/nowhere/ca.pem: pem file: No such file or directory")
    }

    @Test func aFolderIsNoCAFile() {
        let error = thrown(TransportError.self) { try TLSClientContext(caFile: certificates.folder.path) }
        #expect(error?.description == "\(certificates.folder.path): pem file: wanted a regular file")
    }

    @Test(arguments: [("empty.pem", ""), ("words.pem", "no certificate\n"), (
        "broken.pem", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n")])
    func aCAFileWithoutACertificateIsNamed(name: String, text: String) {
        let path = certificates.file(name, text)
        let error = thrown(TransportError.self) { try TLSClientContext(caFile: path) }
        #expect(error?.subject == path)
        #expect(error?.reason.hasPrefix("wanted PEM certificates: ") == true)
    }

    @Test func aKeyOfAnotherCertificateIsNamed() {
        let other = certificates.expired.key
        let error = thrown(TransportError.self) {
            try TLSServerContext(certificateFile: certificates.good.certificate, keyFile: other)
        }
        #expect(error?.description == "\(other): pem file: wanted the certificate's PEM key: key values mismatch")
    }

    @Test func aServersCertificateFileHasToHoldOne() {
        let path = certificates.file("no-certificate.pem", "")
        let error = thrown(TransportError.self) {
            try TLSServerContext(certificateFile: path, keyFile: certificates.good.key)
        }
        #expect(error?.subject == path)
    }
}
