import MonotonicClock
import Realtime
import Testing

@testable import Session

@Suite struct LinkStateMachineTests {
    typealias Action = LinkStateMachine.Action

    private static let session = SessionInfo(id: "sess_1")

    private static func connecting() -> LinkStateMachine {
        var link = LinkStateMachine(seed: 1)
        _ = link.handle(.start, at: t0)
        return link
    }

    private static func greeting() -> LinkStateMachine {
        var link = connecting()
        _ = link.handle(.connected, at: t0)
        return link
    }

    private static func configuring() -> LinkStateMachine {
        var link = greeting()
        _ = link.handle(.sessionCreated(session), at: t0)
        return link
    }

    private static func ready() -> LinkStateMachine {
        var link = configuring()
        _ = link.handle(.sessionUpdated(session), at: t0)
        return link
    }

    private static func lost(_ words: String = "reset", code: Int? = nil, reason: String = "", http: Int? = nil,
                             retryAfter: Duration? = nil) -> LinkStateMachine.Input {
        .lost(LinkLoss(closeCode: code, closeReason: reason, httpStatus: http, retryAfter: retryAfter, words: words))
    }

    private static func waits(_ actions: [Action]) -> [Duration] {
        actions.compactMap { if case .wait(let wait) = $0 { wait } else { nil } }
    }

    private static func faults(_ actions: [Action]) -> [Fault] {
        actions.compactMap { if case .report(let fault) = $0 { fault } else { nil } }
    }

    // MARK: The way to a session

    @Test func theUpgradeIsAnsweredWithTheConfigurationAndNothingElse() {
        var link = Self.connecting()
        #expect(link.handle(.connected, at: t0) == [.configure(eventID: "configure-1")])
        #expect(link.readySession == nil)
    }

    @Test func onlyTheConfirmedUpdateMakesTheSessionReady() {
        var link = Self.greeting()
        #expect(link.handle(.sessionCreated(Self.session), at: t0) == [])
        #expect(link.readySession == nil)
        #expect(link.handle(.sessionUpdated(Self.session), at: t0) == [.opened(session: "sess_1")])
        #expect(link.readySession == "sess_1")
        #expect(link.deadline == nil)
    }

    @Test func aConfirmationWithoutAGreetingIsEnough() {
        var link = Self.greeting()
        #expect(link.handle(.sessionUpdated(Self.session), at: t0) == [.opened(session: "sess_1")])
    }

    @Test func everyConfigurationHasItsOwnID() {
        var link = Self.ready()
        _ = link.handle(Self.lost(), at: t0)
        _ = link.handle(.deadlineReached, at: .ms(500))
        #expect(link.handle(.connected, at: .ms(500)) == [.configure(eventID: "configure-2")])
    }

    @Test func greetingsOfALinkThatWaitsForNoneChangeNothing() {
        for (name, made) in [("connecting", Self.connecting()), ("ready", Self.ready())] {
            var link = made
            let before = link.state
            #expect(link.handle(.sessionCreated(Self.session), at: t0) == [], "\(name)")
            #expect(link.handle(.sessionUpdated(Self.session), at: t0) == [], "\(name)")
            #expect(link.state == before, "\(name)")
        }
    }

    @Test func anUpgradeThatCrossedOurStopIsIgnored() {
        var link = Self.connecting()
        #expect(link.handle(.stop, at: t0) == [.abandon, .stopped])
        #expect(link.handle(.connected, at: t0) == [])
        #expect(link.state == .stopped)
    }

    // MARK: Greeting deadlines

    @Test func noGreetingWithinTenSecondsIsALostLink() {
        var link = Self.greeting()
        #expect(link.deadline == .ms(10_000))
        #expect(link.handle(.deadlineReached, at: .ms(9_999)) == [])
        let actions = link.handle(.deadlineReached, at: .ms(10_000))
        #expect(actions.first == .abandon)
        #expect(Self.faults(actions) == [Fault(.link, "no session.created within 10 s of the upgrade")])
        #expect(Self.waits(actions).count == 1)
    }

    @Test func noConfirmationWithinTenSecondsIsALostLink() {
        var link = Self.configuring()
        let actions = link.handle(.deadlineReached, at: .ms(10_000))
        #expect(actions.first == .abandon)
        #expect(Self.faults(actions) == [Fault(.link, "no session.updated within 10 s of session.created")])
    }

    @Test func anErrorFollowedBySilenceIsSaidAsTheRefusalItIs() {
        var link = Self.greeting()
        _ = link.handle(.serverError(APIError(code: "invalid_api_key", message: "bad key")), at: t0)
        let actions = link.handle(.deadlineReached, at: .ms(10_000))
        #expect(Self.faults(actions).map(\.class) == [.refused])
        #expect(Self.waits(actions) == [.seconds(300)])
    }

    @Test func aRefusedUpdateLeavesAndTriesAgainAfterFiveMinutes() {
        var link = Self.configuring()
        let actions = link.handle(
            .serverError(APIError(code: "invalid_value", message: "no such voice", eventID: "configure-1")), at: t0)
        #expect(Self.faults(actions) == [Fault(.refused, "the server refuses the session settings: no such voice")])
        #expect(actions.last == .close(reason: "session settings refused"))
        #expect(link.handle(Self.lost("closed", code: 1000), at: .ms(100)) == [.wait(.milliseconds(299_900))])
        #expect(link.deadline == .ms(300_000))
        #expect(link.handle(.deadlineReached, at: .ms(300_000)) == [.connect])
    }

    @Test func aPeerThatDoesNotCloseAfterARefusalIsAbandoned() {
        var link = Self.configuring()
        _ = link.handle(.serverError(APIError(message: "no", eventID: "configure-1")), at: t0)
        #expect(link.handle(.deadlineReached, at: .ms(399)) == [])
        #expect(link.handle(.deadlineReached, at: .ms(400)) == [.abandon, .wait(.milliseconds(299_600))])
        #expect(link.deadline == .ms(300_000))
    }

    @Test func anErrorThatIsNotAboutTheUpdateDoesNotEndTheGreeting() {
        var link = Self.configuring()
        #expect(link.handle(.serverError(APIError(message: "hiccup")), at: t0) == [])
        #expect(link.handle(.sessionUpdated(Self.session), at: t0) == [.opened(session: "sess_1")])
    }

    // MARK: Refusals

    @Test(arguments: [
        (3000, "invalid_request_error.invalid_api_key"), (1013, "insufficient_quota.insufficient_quota"),
        (4000, "invalid_request_error.missing_model"), (4004, "invalid_request_error.model_not_found"),
        (4000, "invalid_request_error.beta_api_shape_disabled"), (4000, "something.new"),
    ])
    func aRefusalIsTriedAgainEveryFiveMinutes(code: Int, reason: String) {
        var link = Self.greeting()
        let actions = link.handle(Self.lost("closed", code: code, reason: reason), at: t0)
        #expect(Self.faults(actions).map(\.class) == [.refused])
        #expect(Self.waits(actions) == [.seconds(300)])
        #expect(link.deadline == .ms(300_000))
    }

    @Test func theSameRefusalIsSaidOnce() {
        var link = Self.greeting()
        let refusal = Self.lost("closed", code: 1013, reason: "insufficient_quota.insufficient_quota")
        #expect(Self.faults(link.handle(refusal, at: t0)).count == 1)
        for attempt in 1...3 {
            let now = Instant.ms(attempt * 300_000)
            _ = link.handle(.deadlineReached, at: now)
            _ = link.handle(.connected, at: now)
            #expect(link.handle(refusal, at: now) == [.wait(.seconds(300))])
        }
    }

    @Test func aSessionInBetweenMakesTheSameWordsNewsAgain() {
        var link = Self.ready()
        #expect(Self.faults(link.handle(Self.lost("reset"), at: t0)).count == 1)
        _ = link.handle(.deadlineReached, at: .ms(500))
        _ = link.handle(.connected, at: .ms(500))
        _ = link.handle(.sessionUpdated(Self.session), at: .ms(500))
        #expect(Self.faults(link.handle(Self.lost("reset"), at: .ms(600))).count == 1)
    }

    @Test(arguments: [400, 401, 403, 404])
    func aRefusedUpgradeThatARetryCannotMendWaitsFiveMinutes(status: Int) {
        var link = Self.connecting()
        let actions = link.handle(Self.lost("upgrade refused", http: status), at: t0)
        #expect(Self.faults(actions).map(\.class) == [.refused])
        #expect(Self.waits(actions) == [.seconds(300)])
    }

    @Test func tooManyRequestsIsQuotaOnlyWhenItSaysSo() {
        var link = Self.connecting()
        let noCredit = Self.lost("429 insufficient_quota", http: 429)
        #expect(Self.faults(link.handle(noCredit, at: t0)).map(\.class) == [.refused])
        link = Self.connecting()
        let tooFast = Self.lost("429 slow down", http: 429)
        #expect(Self.faults(link.handle(tooFast, at: t0)).map(\.class) == [.link])
    }

    @Test func anErrorExplainsOnlyTheEndOfItsOwnConnection() {
        var link = Self.greeting()
        _ = link.handle(.serverError(APIError(code: "insufficient_quota", message: "no credit")), at: t0)
        #expect(Self.waits(link.handle(Self.lost("cut"), at: t0)) == [.seconds(300)])
        _ = link.handle(.deadlineReached, at: .ms(300_000))
        let actions = link.handle(Self.lost("no route to host"), at: .ms(300_000))
        #expect(Self.faults(actions) == [Fault(.link, "no route to host")])
    }

    // MARK: Backoff and expiry

    @Test func waitsDoubleFromHalfASecondToFifteenWithJitter() {
        var backoff = Backoff(seed: 7)
        for full in [0.5, 1, 2, 4, 8, 15, 15, 15] {
            let wait = backoff.next() / .seconds(1)
            #expect(wait >= full * 0.75 && wait <= full, "\(wait) of \(full)")
        }
    }

    @Test func aReadySessionResetsTheBackoff() {
        var link = Self.connecting()
        for attempt in 1...6 {
            _ = link.handle(Self.lost("down \(attempt)"), at: t0)
            _ = link.handle(.deadlineReached, at: .ms(20_000))
        }
        _ = link.handle(.connected, at: t0)
        _ = link.handle(.sessionUpdated(Self.session), at: t0)
        let waits = Self.waits(link.handle(Self.lost(), at: t0))
        #expect(waits.count == 1 && waits.allSatisfy { $0 <= .milliseconds(500) })
    }

    @Test func anAskedForRetryAfterIsKeptUpToFiveMinutes() {
        var link = Self.connecting()
        #expect(Self.waits(link.handle(Self.lost(http: 503, retryAfter: .seconds(20)), at: t0)) == [.seconds(20)])
        link = Self.connecting()
        #expect(Self.waits(link.handle(Self.lost(http: 503, retryAfter: .seconds(4000)), at: t0)) == [.seconds(300)])
    }

    @Test func anExpiredSessionIsFollowedByTheNextAtOnceAndWithoutAFault() {
        var link = Self.ready()
        let words = "closed with 1001"
        let actions = link.handle(
            Self.lost(words, code: 1001, reason: "Your session hit the maximum duration of 60 minutes."), at: t0)
        #expect(actions == [.closed(session: "sess_1", reason: words), .connect])
    }

    @Test func anExpiryAnnouncedByAnErrorAloneIsFollowedByTheNextAtOnce() {
        var link = Self.ready()
        _ = link.handle(.serverError(APIError(code: "session_expired", message: "60 minutes")), at: t0)
        #expect(link.handle(Self.lost("cut"), at: t0) == [.closed(session: "sess_1", reason: "cut"), .connect])
    }

    @Test func anExpiryBeforeTheSessionIsReadyBacksOff() {
        var link = Self.greeting()
        let actions = link.handle(Self.lost("closed", code: 1001, reason: "maximum duration"), at: t0)
        #expect(Self.waits(actions).count == 1)
    }

    @Test func goingAwayWithoutSayingWhyBacksOff() {
        var link = Self.ready()
        #expect(Self.waits(link.handle(Self.lost("going away", code: 1001), at: t0)).count == 1)
    }

    // MARK: Stop

    @Test func stoppingAReadySessionClosesItAndEndsWithTheClose() {
        var link = Self.ready()
        #expect(link.handle(.stop, at: t0)
            == [.closed(session: "sess_1", reason: "stopped"), .close(reason: "stopped")])
        #expect(link.isStopping)
        #expect(link.handle(Self.lost("closed", code: 1000), at: .ms(50)) == [.stopped])
    }

    @Test func aPeerThatDoesNotCloseIsAbandonedAfterFourHundredMilliseconds() {
        var link = Self.ready()
        _ = link.handle(.stop, at: t0)
        #expect(link.handle(.deadlineReached, at: .ms(399)) == [])
        #expect(link.handle(.deadlineReached, at: .ms(400)) == [.abandon, .stopped])
    }

    @Test func stoppingWithoutASessionEndsAtOnce() {
        var idle = LinkStateMachine(seed: 1)
        #expect(idle.handle(.stop, at: t0) == [.stopped])
        var waiting = Self.ready()
        _ = waiting.handle(Self.lost(), at: t0)
        #expect(waiting.handle(.stop, at: t0) == [.stopped])
    }

    @Test func stoppingWhileGreetingClosesFirst() {
        for made in [Self.greeting(), Self.configuring()] {
            var link = made
            #expect(link.handle(.stop, at: t0) == [.close(reason: "stopped")])
            #expect(link.handle(.stop, at: t0) == [])
        }
    }

    @Test func aLossAfterTheLastWordSaysNothing() {
        var link = Self.connecting()
        _ = link.handle(.stop, at: t0)
        #expect(link.handle(Self.lost(), at: t0) == [])
        #expect(link.handle(.deadlineReached, at: .ms(99_000)) == [])
        #expect(link.handle(.serverError(APIError(message: "late")), at: t0) == [])
    }

    // MARK: No session wanted

    @Test func restingClosesAReadySessionAndTriesNoOther() {
        var link = Self.ready()
        #expect(link.handle(.rest(reason: "spent"), at: t0) == [
            .closed(session: "sess_1", reason: "spent"), .close(reason: "spent"),
        ])
        #expect(link.trouble == .spent)
        #expect(link.deadline == .ms(400))
        #expect(link.handle(Self.lost(code: 1000), at: .ms(20)) == [])
        #expect(link.state == .resting)
        #expect(link.deadline == nil)
        #expect(link.handle(.resume, at: .ms(900)) == [.connect])
        #expect(link.trouble == nil)
    }

    @Test func aPeerThatDoesNotCloseIsAbandonedBeforeTheRest() {
        var link = Self.ready()
        _ = link.handle(.rest(reason: "spent"), at: t0)
        #expect(link.handle(.deadlineReached, at: .ms(400)) == [.abandon])
        #expect(link.state == .resting)
    }

    @Test func restingEndsEveryWayToASession() {
        var connecting = Self.connecting()
        #expect(connecting.handle(.rest(reason: "spent"), at: t0) == [.abandon])
        #expect(connecting.state == .resting)
        for link in [Self.greeting(), Self.configuring()] {
            var link = link
            #expect(link.handle(.rest(reason: "spent"), at: t0) == [.close(reason: "spent")])
        }
        var waiting = Self.connecting()
        _ = waiting.handle(Self.lost(), at: t0)
        #expect(waiting.handle(.rest(reason: "spent"), at: t0) == [])
        #expect(waiting.state == .resting)
        var idle = LinkStateMachine(seed: 1)
        #expect(idle.handle(.rest(reason: "spent"), at: t0) == [])
        #expect(idle.handle(.start, at: t0) == [])
        #expect(idle.handle(.stop, at: t0) == [.stopped])
    }

    @Test func resumingBeforeTheOldConnectionHasEndedWaitsForItsEnd() {
        var link = Self.ready()
        _ = link.handle(.rest(reason: "spent"), at: t0)
        #expect(link.handle(.resume, at: .ms(10)) == [])
        var silent = link
        #expect(link.handle(Self.lost(code: 1000), at: .ms(20)) == [.connect])
        #expect(silent.handle(.deadlineReached, at: .ms(400)) == [.abandon, .connect])
        #expect(silent.deadline == nil)
    }

    @Test func restAndResumeChangeNothingWhereTheyHaveNothingToDo() {
        var ready = Self.ready()
        #expect(ready.handle(.resume, at: t0) == [])
        #expect(ready.readySession == "sess_1")
        _ = ready.handle(.stop, at: t0)
        #expect(ready.handle(.rest(reason: "spent"), at: t0) == [])
        #expect(ready.isStopping)
    }

    // MARK: Renewal

    @Test func aRenewalClosesTheSessionAndConnectsWithoutAWait() {
        var link = Self.ready()
        #expect(link.handle(.renew("old"), at: t0)
            == [.closed(session: "sess_1", reason: "old"), .close(reason: "old")])
        #expect(link.readySession == nil && link.trouble == nil)
        #expect(link.handle(Self.lost(code: 1000), at: .ms(30)) == [.connect])
        #expect(link.state == .connecting)
    }

    @Test func aRenewalOfALinkThatIsNotReadyDoesNothing() {
        for made in [LinkStateMachine(seed: 1), Self.connecting(), Self.greeting(), Self.configuring()] {
            var link = made
            #expect(link.handle(.renew("old"), at: t0) == [])
            #expect(link.state == made.state)
        }
    }
}
