import Glibc

/// The agent's end of the control socket. Owned by the runner; nothing here blocks.
///
/// Wait for `pollRequests`, call `process()`, act on its requests, and `respond` to each when done.
final class ControlSocket {
    /// A request that waits for its answer.
    struct Request: Equatable {
        let id: RequestID
        let body: ControlRequest
    }

    /// Names the client to `respond` to; never used twice.
    typealias RequestID = Int

    /// Most clients at a time. One button needs one; a script that leaks connections must not take all descriptors.
    static let clientLimit = 8

    private struct Client {
        let id: RequestID
        let descriptor: Int32
        var received: [UInt8] = []
        /// Its request is known; only its leaving is still of interest.
        var isWaiting = false
    }

    private let path: String
    private let listener: Int32
    /// The socket file that is ours: another's must not be removed.
    private let file: (device: dev_t, inode: ino_t)
    private var clients: [Client] = []
    private var lastID = 0
    private var isClosed = false

    /// Creates the socket, mode 0660, and its folder when there is none.
    ///
    /// A socket file that nobody answers is left over from a crash and is replaced; one that is answered belongs to
    /// another agent, and a file that is no socket to somebody else: both are errors.
    init(path: String) throws(ControlError) {
        self.path = path
        guard let address = UnixAddress(path) else {
            throw ControlError(path, "wanted a socket path of 1 to \(UnixAddress.longestPath) bytes")
        }
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        if let code = createFolder(folder) { throw ControlError(folder, systemText(code)) }
        // Two agents that start together: both would find the other's socket unanswered before it listens.
        let lock = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0 else { throw ControlError(folder, systemText(errno)) }
        defer { Glibc.close(lock) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw ControlError(path, "another agent is starting") }

        let descriptor = unixSocket()
        guard descriptor >= 0 else { throw ControlError(path, systemText(errno)) }
        do throws(ControlError) {
            try Self.bind(descriptor, to: address, path)
            var status = stat()
            guard chmod(path, 0o660) == 0, lstat(path, &status) == 0, listen(descriptor, Int32(Self.clientLimit)) == 0
            else { throw ControlError(path, systemText(errno)) }
            listener = descriptor
            file = (status.st_dev, status.st_ino)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    deinit { close() }

    /// Drops all clients and removes the socket file. Doing it twice does nothing.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        for client in clients { Glibc.close(client.descriptor) }
        clients = []
        Glibc.close(listener)
        var status = stat()
        if lstat(path, &status) == 0, status.st_dev == file.device, status.st_ino == file.inode { unlink(path) }
    }

    /// What poll(2) shall wait for.
    var pollRequests: [pollfd] {
        guard !isClosed else { return [] }
        // A client that waits for its answer is watched for its leaving, which poll reports unasked.
        return [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
            + clients.map { pollfd(fd: $0.descriptor, events: $0.isWaiting ? 0 : Int16(POLLIN), revents: 0) }
    }

    /// Accepts and reads what there is. The requests that have become complete, in the order of their connections.
    func process() -> [Request] {
        guard !isClosed else { return [] }
        var ready = pollRequests
        guard poll(&ready, nfds_t(ready.count), 0) > 0 else { return [] }
        var requests: [Request] = []
        let known = clients
        for (client, state) in zip(known, ready.dropFirst()) where state.revents != 0 {
            if client.isWaiting {
                // Gone before its answer: what it asked for goes on, a held button is released in time.
                drop(client.id)
            } else if let body = read(client.id) {
                requests.append(Request(id: client.id, body: body))
            }
        }
        if ready[0].revents != 0 { acceptClients() }
        return requests
    }

    /// Answers a request with `ok` or `error: WORDS` and closes its connection. Does nothing when the client has left.
    func respond(_ id: RequestID, _ text: String) {
        guard let client = clients.first(where: { $0.id == id }) else { return }
        let line = Array(text.utf8.prefix(longestControlAnswer - 1)) + [UInt8(ascii: "\n")]
        // An empty socket buffer takes a line whole; whoever cannot take it does not get it.
        _ = send(client.descriptor, line, line.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        drop(id)
    }

    // MARK: - Clients

    private func acceptClients() {
        for _ in 0..<Self.clientLimit {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            lastID += 1
            if clients.count == Self.clientLimit, let silent = clients.first(where: { !$0.isWaiting }) {
                refuse(silent.id, "too many clients, and this one asked for nothing")
            }
            clients.append(Client(id: lastID, descriptor: descriptor))
            if clients.count > Self.clientLimit { refuse(lastID, "too many clients") }
        }
    }

    /// Reads a client's bytes. Its request when it is complete; a bad one is answered here.
    private func read(_ id: RequestID) -> ControlRequest? {
        guard let index = clients.firstIndex(where: { $0.id == id }) else { return nil }
        var buffer = [UInt8](repeating: 0, count: longestControlLine)
        let count = recv(clients[index].descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN || errno == EINTR { return nil }
        guard count > 0 else {
            drop(id)
            return nil
        }
        clients[index].received += buffer[..<count]
        let received = clients[index].received
        guard let end = received.firstIndex(of: UInt8(ascii: "\n")), end < longestControlLine else {
            if received.count >= longestControlLine {
                refuse(id, "line too long: wanted at most \(longestControlLine) bytes")
            }
            return nil
        }
        guard let request = ControlRequest(line: String(decoding: received[..<end], as: UTF8.self)) else {
            refuse(id, "wanted \(ControlRequest.wanted)")
            return nil
        }
        clients[index].isWaiting = true
        clients[index].received = []
        return request
    }

    private func refuse(_ id: RequestID, _ words: String) {
        respond(id, ControlAnswer.error(words).line)
    }

    private func drop(_ id: RequestID) {
        guard let index = clients.firstIndex(where: { $0.id == id }) else { return }
        Glibc.close(clients.remove(at: index).descriptor)
    }

    // MARK: - Opening

    private static func bind(_ descriptor: Int32, to address: UnixAddress, _ path: String) throws(ControlError) {
        // The file gets the descriptor's mode, less the umask: never wider than 0660, at no moment.
        fchmod(descriptor, 0o660)
        let attempt = { address.withSocketAddress { Glibc.bind(descriptor, $0, $1) == 0 ? 0 : errno } }
        var code = attempt()
        if code == EADDRINUSE {
            try removeStale(address, path)
            code = attempt()
        }
        guard code == 0 else { throw ControlError(path, systemText(code)) }
    }

    private static func removeStale(_ address: UnixAddress, _ path: String) throws(ControlError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ControlError(path, "a file that is no socket is in the way")
        }
        let descriptor = unixSocket()
        guard descriptor >= 0 else { throw ControlError(path, systemText(errno)) }
        defer { Glibc.close(descriptor) }
        let code = address.withSocketAddress { connect(descriptor, $0, $1) == 0 ? 0 : errno }
        switch code {
        case ECONNREFUSED: unlink(path)
        // Connected, or the other's backlog is full.
        case 0, EAGAIN: throw ControlError(path, "another agent is running")
        default: throw ControlError(path, systemText(code))
        }
    }
}

/// A non-blocking Unix stream socket; -1 and errno when there is none to be had.
func unixSocket() -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    return socket(AF_UNIX, type, 0)
}

/// Creates a folder and the folders above it, mode 0750. The errno when that fails, else nil.
func createFolder(_ path: String) -> Int32? {
    if path.isEmpty || mkdir(path, 0o750) == 0 { return nil }
    let code = errno
    switch code {
    case EEXIST:
        return nil
    case ENOENT:
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return code }
        if let code = createFolder(String(path[..<slash])) { return code }
        return mkdir(path, 0o750) == 0 || errno == EEXIST ? nil : errno
    default:
        return code
    }
}
