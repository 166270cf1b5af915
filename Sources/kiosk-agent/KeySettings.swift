import Transport

extension Settings {
    /// How the key is sent.
    enum Authorization: Sendable, Equatable, CaseIterable {
        /// As the server wants it: `api-key` for Azure, else `bearer`.
        case automatic
        case bearer
        case apiKey
    }

    /// Where keys for a short time come from, and how a key is sent.
    struct Keys: Sendable, Equatable {
        /// Default `automatic`.
        var authorization = Authorization.automatic
        /// A program and its arguments that prints a key or a client secret; empty (the default): none.
        var command: [String] = []
        /// The operator's broker of client secrets; nil (the default): none.
        var url: String?
        /// How the broker is asked. Default "GET".
        var method = "GET"
        /// Sessions are started with client secrets that the server gives out for the account's key. Default false.
        var isMinting = false
    }
}

extension SettingsKeys {
    static let keys: [SettingsKey] = [
        word("realtime", "auth", \.keys.authorization, [
            ("auto", .automatic), ("bearer", .bearer), ("api-key", .apiKey),
        ]),
        command("realtime", "key_command", orNone: true) { words, _, settings in settings.keys.command = words },
        optionalText("realtime", "key_url", \.keys.url, wanted: "an https:// URL, or \"\" for none"),
        word("realtime", "key_url_method", \.keys.method, [("GET", "GET"), ("POST", "POST")]),
        flag("realtime", "mint_client_secret", \.keys.isMinting),
    ]
}

extension SettingsReader {
    /// One source of keys at most, and addresses that can be asked.
    func checkKeys() throws(SettingsError) {
        let keys = settings.keys
        if let url = keys.url {
            do { _ = try Endpoint(http: url) } catch {
                throw wrong("realtime.key_url", error.reason, showingValue: !url.utf8.contains(UInt8(ascii: "@")))
            }
        }
        let others = [("realtime.key_url", keys.url != nil), ("realtime.mint_client_secret", keys.isMinting)]
        let given = [("realtime.key_command", !keys.command.isEmpty)] + others
        let names = given.filter(\.1).map(\.0)
        if names.count > 1 { throw wrong(names[1], "wanted this or \(names[0]), not both") }
        if keys.isMinting {
            do { _ = try APIAddress(settings.realtime).clientSecrets } catch {
                throw wrong("realtime.mint_client_secret", error.reason)
            }
        }
    }

    /// The program has to be there.
    func checkKeyFiles() throws(SettingsError) {
        guard let program = settings.keys.command.first, let problem = programProblem(program) else { return }
        throw wrong("realtime.key_command", problem)
    }
}

/// The service's addresses beside the session's.
struct APIAddress {
    private let endpoint: Endpoint
    private let base: Substring

    /// Throws when the session's address does not end as the service's does.
    init(_ realtime: Settings.Realtime) throws(TransportError) {
        endpoint = try Endpoint(realtime.url)
        let path = endpoint.resource.prefix { $0 != "?" }
        base = path.hasSuffix("/v1/realtime") ? path.dropLast("/realtime".count) : ""
    }

    private func address(_ path: String) throws(TransportError) -> Endpoint {
        guard !base.isEmpty else {
            throw TransportError.address(endpoint.authority, "wanted a realtime.url whose path ends with /v1/realtime")
        }
        return endpoint.with(resource: base + path)
    }

    var clientSecrets: Endpoint { get throws(TransportError) { try address("/realtime/client_secrets") } }
    var transcriptions: Endpoint { get throws(TransportError) { try address("/audio/transcriptions") } }
}

extension KeySource {
    /// What the settings ask for; `key` is the account's own, if there is one.
    init(_ settings: Settings, key: APIKey?) throws(TransportError) {
        let keys = settings.keys
        if !keys.command.isEmpty {
            self = .command(keys.command)
        } else if let url = keys.url {
            // A key from elsewhere is the account's, which is no broker's business.
            let own = settings.realtime.apiKeyFile == nil ? nil : key
            self = .broker(try Endpoint(http: url), method: keys.method, key: own)
        } else if keys.isMinting {
            let address = try APIAddress(settings.realtime).clientSecrets
            self = .minted(at: address, model: settings.realtime.model, key: key)
        } else {
            self = .fixed(key)
        }
    }
}

extension Settings.Keys {
    /// Keys are fetched: the account's own is not needed here.
    var isFetching: Bool { !command.isEmpty || url != nil }

    /// The header that carries the key to a host.
    func header(_ key: APIKey?, host: String) -> (name: String, value: String) {
        let isAzure = host.hasSuffix(".openai.azure.com") || host.hasSuffix(".cognitiveservices.azure.com")
        // An Entra token (a JWT) and a client secret are bearer tokens there, too.
        let isToken = key.map { $0.secret.hasPrefix("eyJ") || $0.secret.hasPrefix("ek_") } ?? false
        switch authorization {
        case .automatic where isAzure && !isToken, .apiKey: return ("api-key", key?.secret ?? "no-key")
        case .automatic, .bearer: return ("Authorization", APIKey.authorization(key))
        }
    }
}
