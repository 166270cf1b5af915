/// Something the model may call.
public enum Tool: Equatable, Sendable, Encodable {
    /// A function of ours; `parameters` is a JSON Schema.
    case function(name: String, description: String? = nil, parameters: JSONValue? = nil)
    /// Tools of an MCP server. `settings` are its further keys (`server_url`, `allowed_tools`), passed on unread.
    case mcp(serverLabel: String, settings: [String: JSONValue])

    private enum CodingKeys: String, CodingKey {
        case type, name, description, parameters
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .function(let name, let description, let parameters):
            var tool = encoder.container(keyedBy: CodingKeys.self)
            try tool.encode("function", forKey: .type)
            try tool.encode(name, forKey: .name)
            try tool.encodeIfPresent(description, forKey: .description)
            try tool.encodeIfPresent(parameters, forKey: .parameters)
        case .mcp(let serverLabel, let settings):
            let identity: [String: JSONValue] = ["type": .string("mcp"), "server_label": .string(serverLabel)]
            try settings.merging(identity) { _, own in own }.encode(to: encoder)
        }
    }
}

/// Whether the model calls a tool, and which.
public enum ToolChoice: Equatable, Sendable, Encodable {
    case automatic, never, required
    case function(name: String)
    case mcp(serverLabel: String, name: String? = nil)

    private enum CodingKeys: String, CodingKey {
        case type, name
        case serverLabel = "server_label"
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .automatic: try "auto".encode(to: encoder)
        case .never: try "none".encode(to: encoder)
        case .required: try "required".encode(to: encoder)
        case .function(let name):
            var choice = encoder.container(keyedBy: CodingKeys.self)
            try choice.encode("function", forKey: .type)
            try choice.encode(name, forKey: .name)
        case .mcp(let serverLabel, let name):
            var choice = encoder.container(keyedBy: CodingKeys.self)
            try choice.encode("mcp", forKey: .type)
            try choice.encode(serverLabel, forKey: .serverLabel)
            try choice.encodeIfPresent(name, forKey: .name)
        }
    }
}
