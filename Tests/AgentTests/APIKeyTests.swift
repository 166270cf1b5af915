import Foundation
import Testing

@testable import kiosk_agent

@Suite struct APIKeyTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func settings(file: String? = nil, url: String = "wss://api.openai.com/") -> Settings {
        var settings = Settings()
        settings.realtime.apiKeyFile = file
        settings.realtime.url = url
        return settings
    }

    @Test func theFileComesBeforeTheCredentialAndThatBeforeTheVariable() throws {
        let file = try folder.write(" from-file\r\n", to: "k")
        try folder.write("from-credential\n", to: "openai-api-key")
        let all = ["CREDENTIALS_DIRECTORY": folder.path, "OPENAI_API_KEY": "from-variable"]
        #expect(try APIKey.find(for: settings(file: file), environment: all)?.secret == "from-file")
        #expect(try APIKey.find(for: settings(), environment: all)?.secret == "from-credential")
        #expect(try APIKey.find(for: settings(), environment: ["OPENAI_API_KEY": "from-variable"])?.secret
            == "from-variable")
    }

    @Test func aCredentialsFolderWithoutTheKeyLeavesTheWordToTheVariable() throws {
        let environment = ["CREDENTIALS_DIRECTORY": folder.path, "OPENAI_API_KEY": "\tk-1 "]
        #expect(try APIKey.find(for: settings(), environment: environment)?.secret == "k-1")
    }

    @Test func withoutAKeyOnlyAServerOnThisMachineIsAllowed() throws {
        for url in ["ws://127.0.0.1:1/", "wss://localhost/", "ws://[::1]/"] {
            #expect(try APIKey.find(for: settings(url: url), environment: ["OPENAI_API_KEY": ""]) == nil)
        }
        #expect(folder.errorLine { _ = try APIKey.find(for: settings(), environment: [:]) } == "no API key: wanted "
            + "realtime.api_key_file, $CREDENTIALS_DIRECTORY/openai-api-key or $OPENAI_API_KEY")
        #expect(APIKey.authorization(nil) == "Bearer no-key")
    }

    @Test(arguments: [
        ("", "it is empty"), (" \n\t", "it is empty"), ("a b", "characters"), ("a\r\nX-Header: b", "characters"),
        ("a\u{0}b", "characters"), ("schlüssel", "characters"), ("a\u{7F}", "characters"),
        (String(repeating: "k", count: 513), "at most 512 bytes"),
    ])
    func whatCannotBeAKeyIsRefusedWithoutShowingIt(text: String, words: String) {
        let said = folder.errorLine { _ = try APIKey(text, from: "$OPENAI_API_KEY") }
        #expect(said.hasPrefix("$OPENAI_API_KEY: wanted an API key"))
        #expect(said.hasSuffix(words))
        #expect(text.count < 3 || !said.contains(text))
    }

    @Test func aKeyOfFiveHundredTwelveBytesIsTaken() throws {
        let text = String(repeating: "k", count: 512)
        #expect(try APIKey(text, from: "x").secret == text)
    }

    @Test func aKeyFileThatCannotBeUsedIsNamed() throws {
        let long = try folder.write(String(repeating: "k", count: 2000), to: "long")
        #expect(folder.errorLine { _ = try APIKey.find(for: settings(file: long), environment: [:]) }
            == "realtime.api_key_file: DIR/long: more than 1024 bytes")
        let empty = try folder.write("\n", to: "empty")
        #expect(folder.errorLine { _ = try APIKey.find(for: settings(file: empty), environment: [:]) }
            == "realtime.api_key_file: DIR/empty: wanted an API key, it is empty")
        let folderPath = folder.path + "/openai-api-key"
        try FileManager.default.createDirectory(atPath: folderPath, withIntermediateDirectories: false)
        let credentials = ["CREDENTIALS_DIRECTORY": folder.path]
        #expect(folder.errorLine { _ = try APIKey.find(for: settings(), environment: credentials) }
            == "DIR/openai-api-key: not a regular file")
    }

    @Test func aKeyNeverShowsItself() throws {
        let key = try APIKey("sk-secret", from: "x")
        var dumped = ""
        dump(key, to: &dumped)
        let shown = ["\(key)", String(reflecting: key), String(describing: Optional(key)), dumped]
        #expect(shown.allSatisfy { !$0.contains("secret") })
        #expect("\(key)" == "[key]")
    }

    @Test(arguments: [
        ("aab", "aab", "[key]"), ("aab", "xaaby", "x[key]y"), ("aab", "aaab", "a[key]"),
        ("aab", "aabaab", "[key][key]"),
        ("aab", "aa", "aa"), ("aab", "", ""), ("aab", "äaabü", "ä[key]ü"), ("aa", "aaaaa", "[key][key]a"),
    ])
    func everyOccurrenceIsReplaced(secret: String, text: String, redacted: String) throws {
        let key = try APIKey(secret, from: "x")
        #expect(key.redact(text) == redacted)
        #expect(key.redact(Array(text.utf8)) == Array(redacted.utf8))
    }

    @Test func bytesThatAreNoTextAreRedactedToo() throws {
        #expect(try APIKey("k1", from: "x").redact([0xFF, 0x6B, 0x31, 0xFE]) == [0xFF] + Array("[key]".utf8) + [0xFE])
    }
}
