import Glibc

/// One HTTP request on its way out, then the head of the answer on its way in; or, for a server, only the latter.
struct HTTPExchange {
    let stream: any ByteStream
    private var unsent: ArraySlice<UInt8>
    private var reader: HTTPHeadReader
    /// poll(2) events it waits for.
    private(set) var events = Int16(POLLOUT)

    /// Client: sends the request, then reads the answer's head.
    init(sending request: [UInt8], on stream: any ByteStream) {
        self.stream = stream
        unsent = request[...]
        reader = .response()
    }

    /// Server: reads a request's head.
    init(awaitingRequestOn stream: any ByteStream) {
        self.stream = stream
        unsent = []
        reader = .request()
    }

    /// Goes on as far as it can. The head and what came behind it once it is whole, nil when the socket has to be
    /// waited for. Never blocks.
    mutating func advance() throws(IOFailure) -> (head: HTTPHead, rest: [UInt8])? {
        while !unsent.isEmpty {
            switch unsent.withUnsafeBytes(stream.write) {
            case .done(let count): unsent = unsent.dropFirst(count)
            case .blocked(let events):
                self.events = events
                return nil
            case .ended: throw closedEarly
            case .failed(let reason): throw IOFailure(reason: reason)
            }
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            switch buffer.withUnsafeMutableBytes(stream.read) {
            case .done(let count):
                if let whole = try reader.append(buffer[..<count]) { return whole }
            case .blocked(let events):
                self.events = events
                return nil
            case .ended: throw closedEarly
            case .failed(let reason): throw IOFailure(reason: reason)
            }
        }
    }

    private var closedEarly: IOFailure {
        IOFailure(reason: reader.isEmpty ? "connection closed without an answer" : "connection closed amid the answer")
    }
}
