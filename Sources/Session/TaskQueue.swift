import MonotonicClock
import Realtime

/// The out-of-band tasks of the present session that wait to be asked for or to be answered.
///
/// They come last: none is asked for while the visitor speaks or an answer is made or heard, and none is waited for.
struct TaskQueue: Sendable {
    private struct Run {
        let id: Int
        let task: OutOfBandTask
        let turn: Int
        let item: ItemID?
        /// Set as soon as the time is known.
        var deadline: Instant?
        var request = TranscriptionStateMachine(isOff: false)
    }

    /// `metadata.purpose` of the requests.
    static let purpose = "task"
    /// From the trigger to the end of waiting: a pause for the request, and 4096 tokens at 80 a second.
    static let patience = Duration.seconds(60)
    /// At the program's end, which takes 2 s at most: as long as the farewell may take.
    static let endLimit = Duration.seconds(1)
    /// At the end of a session that another one follows: nobody waits, and a token cap of some hundred is answered.
    static let renewalLimit = Duration.seconds(15)
    /// Runs that wait at once; a visitor who never pauses must not fill memory.
    static let limit = 32

    private let tasks: [OutOfBandTask]
    private var runs: [Run] = []
    private var lastID = 0
    /// The present session; nil without one.
    private var session: String?
    /// The newest settled turn of the session.
    private var lastTurn: (number: Int, item: ItemID)?
    private var settled: [SettledTask] = []
    /// The program is to end, and waits for the tasks of its session: what waits is asked for at once.
    private(set) var delaysStop = false

    init(_ tasks: [OutOfBandTask]) { self.tasks = tasks }

    /// Nothing waits, nothing is to be told.
    var isEmpty: Bool { runs.isEmpty && settled.isEmpty }

    var deadline: Instant? {
        runs.reduce(nil) { earlier($0, earlier($1.deadline, $1.request.retryAt)) }
    }

    // MARK: What begins a task

    mutating func sessionOpened(_ id: String) {
        session = id
        lastTurn = nil
        delaysStop = false
    }

    /// A turn is known whole.
    mutating func turnSettled(_ turn: SettledTurn) {
        guard let item = turn.item, turn.session == session else { return }
        if turn.number >= lastTurn?.number ?? 0 { lastTurn = (turn.number, item) }
        for task in tasks {
            guard case .everyTurns(let count) = task.trigger, turn.number.isMultiple(of: count) else { continue }
            add(task, turn: turn.number, item: item)
        }
    }

    /// The session is to end: its last tasks begin, and all have `limit` from now on. `delaysStop`: with the program.
    mutating func endSession(within limit: Duration, delaysStop: Bool, at now: Instant) {
        guard session != nil else { return }
        self.delaysStop = delaysStop
        addLastTasks()
        for index in runs.indices { runs[index].deadline = earlier(runs[index].deadline, now + limit) }
    }

    private mutating func addLastTasks() {
        guard let lastTurn else { return }
        for task in tasks where task.trigger == .sessionEnd { add(task, turn: lastTurn.number, item: lastTurn.item) }
        self.lastTurn = nil
    }

    /// Puts a task that belongs to a turn to the end of the queue.
    mutating func add(_ task: OutOfBandTask, turn: Int, item: ItemID?) {
        lastID += 1
        var run = Run(id: lastID, task: task, turn: turn, item: item)
        if runs.count >= Self.limit { run.request.abandon("more than \(Self.limit) tasks wait") }
        runs.append(run)
    }

    /// The session is gone: what was not answered never will be.
    mutating func sessionLost(_ reason: String) {
        guard session != nil else { return }
        addLastTasks()
        for index in runs.indices { runs[index].request.abandon(reason) }
        takeFinal()
        session = nil
        delaysStop = false
    }

    // MARK: Requests

    /// What is to be asked now. `isFree`: nobody speaks, and nothing is made or heard.
    /// `items`: so many user items up to the one named.
    mutating func requests(isFree: Bool, at now: Instant, items: (Int, ItemID) -> [ItemID]) -> [ClientEvent] {
        runs.indices.compactMap { index in
            let deadline = runs[index].deadline ?? now + Self.patience
            runs[index].deadline = deadline
            if deadline <= now { runs[index].request.timeOut() }
            let isWaiting = runs[index].request.state == .waiting
            if isWaiting, !isFree, !delaysStop { return nil }
            let attempt = runs[index].request.handle(isWaiting ? .itemKnown : .deadlineReached, at: now)
            return attempt.map { Self.request(runs[index], attempt: $0, items: items) }
        }
    }

    /// What has not been asked for will not be.
    mutating func decline(_ reason: String) {
        for index in runs.indices where runs[index].request.state == .waiting { runs[index].request.abandon(reason) }
    }

    private static func request(_ run: Run, attempt: Int, items: (Int, ItemID) -> [ItemID]) -> ClientEvent {
        var request = ResponseRequest()
        request.conversation = ResponseRequest.Conversation.none
        request.outputModalities = [.text]
        request.instructions = run.task.wholeInstructions
        request.tools = []
        request.maxOutputTokens = .tokens(run.task.maxTokens)
        var metadata = ["purpose": purpose, "task": run.task.name, "run": String(run.id)]
        if let item = run.item {
            metadata["item"] = item.rawValue
            if case .lastTurns(let count) = run.task.context {
                request.input = items(count, item).map { .reference($0) }
            }
        }
        request.metadata = metadata
        return ClientEvent(.createResponse(request), eventID: OwnEventID.task(run.id, attempt: attempt).text)
    }

    // MARK: The server's words

    mutating func created(_ response: Response, at now: Instant) {
        guard let id = response.metadata["run"].flatMap({ Int($0) }) else { return }
        handle(.created(response.id), at: now) { $0.id == id }
    }

    /// False when the response is none of ours.
    mutating func handle(_ input: TranscriptionStateMachine.Input, response: ResponseID, at now: Instant) -> Bool {
        handle(input, at: now) { $0.request.response == response }
    }

    /// The response's end will be a run's, or the end of an attempt at it.
    func awaits(_ response: Response) -> Bool {
        let id = response.metadata["run"].flatMap { Int($0) }
        return runs.contains { run in
            guard case .requested(_, let known, _) = run.request.state else { return false }
            return known.map { $0 == response.id } ?? (response.metadata["purpose"] == Self.purpose && run.id == id)
        }
    }

    /// The end of a response; one that failed at once may come without its beginning. False when it is none of ours.
    mutating func done(_ response: Response, at now: Instant) -> Bool {
        if handle(.done(response), response: response.id, at: now) { return true }
        guard response.metadata["purpose"] == Self.purpose else { return false }
        let id = response.metadata["run"].flatMap { Int($0) }
        handle(.done(response), at: now) { $0.id == id && $0.request.response == nil }
        return true
    }

    mutating func refused(_ reason: String, run id: Int, attempt: Int, at now: Instant) {
        handle(.refused(reason), at: now) { run in
            if case .requested(attempt, _, _) = run.request.state { run.id == id } else { false }
        }
    }

    @discardableResult
    private mutating func handle(
        _ input: TranscriptionStateMachine.Input, at now: Instant, _ isMeant: (Run) -> Bool
    ) -> Bool {
        guard let index = runs.firstIndex(where: isMeant) else { return false }
        _ = runs[index].request.handle(input, at: now)
        return true
    }

    // MARK: Settling

    /// Takes out the tasks of which everything is known.
    mutating func takeSettled() -> [SettledTask] {
        takeFinal()
        defer { settled = [] }
        return settled
    }

    private mutating func takeFinal() {
        runs.removeAll { run in
            guard let transcript = run.request.transcript else { return false }
            var task = SettledTask(
                transcript, of: run.task, session: session ?? "", turn: run.turn, item: run.item)
            task.usage = run.request.usage
            settled.append(task)
            return true
        }
    }
}
