import MonotonicClock
import Testing

@testable import kiosk_agent

@Suite struct UnitStateTests {
    private static let loaded = "LoadState=loaded\nUnitFileState=enabled\n"

    /// With their type: Swift 6.0.3 would not find it in reasonable time.
    private static let states: [(shown: String, words: String)] = [
        ("LoadState=not-found\nActiveState=inactive\n", "there is no such unit: is the package installed?"),
        (loaded + "ActiveState=inactive\nSubState=dead\nResult=success\n", "it was stopped, or never started"),
        (
            "LoadState=loaded\nUnitFileState=disabled\nActiveState=inactive\nResult=success\n",
            "it was stopped, or never started, and does not start at boot"
        ),
        (
            loaded + "ActiveState=activating\nSubState=auto-restart\nResult=exit-code\nNRestarts=7\nExecMainCode=1\n"
                + "ExecMainStatus=78\n",
            "it ends again and again (started anew 7 times): exit status 78 (wrong settings)"
        ),
        (
            loaded + "ActiveState=failed\nSubState=failed\nResult=signal\nNRestarts=0\nExecMainCode=2\nExecMainStatus=4\n",
            "it ended: ended by signal 4"
        ),
        (
            loaded + "ActiveState=activating\nSubState=auto-restart\nResult=watchdog\nNRestarts=1\nExecMainCode=3\n",
            "it ends again and again (started anew 1 times): it stood still and was ended by the watchdog"
        ),
        (loaded + "ActiveState=active\nSubState=running\nResult=success\n", "systemd takes it for running"),
        (loaded + "ActiveState=activating\nSubState=start\nResult=success\n", "it is starting"),
        (loaded + "ActiveState=activating\nSubState=start\nResult=success\nNRestarts=0\n", "it is starting"),
        (
            loaded + "ActiveState=activating\nSubState=start\nResult=success\nNRestarts=3\n",
            "it is starting (started anew 3 times)"
        ),
    ]

    @Test(arguments: states)
    func whyTheServiceDoesNotServeIsSaidInWords(shown: String, words: String) {
        #expect(UnitState(shown).words == words)
    }

    @Test func itsLastWordsAreItsStatusWithEverythingInIt() {
        #expect(UnitState("Id=x\nStatusText=a=b, c\n").lastWords == "a=b, c")
        #expect(UnitState("garbage").lastWords == "")
    }
}

@Suite struct AgentWatchTests {
    private let start = Instant.now

    @Test func anAgentThatIsAwayForLongerThanARestartIsSaidOnceAndItsReturnToo() {
        var watch = AgentWatch(at: start)
        var news: [AgentWatch.News?] = []
        let looks = [
            (0, true), (5, false), (10, true), (15, false), (20, false), (25, false), (30, false), (35, true), (40, true),
        ]
        for (second, isThere) in looks {
            let now = start + .seconds(second)
            news.append(watch.looked(isThere, at: now))
            #expect(watch.nextLook == now + .seconds(5))
        }
        #expect(news == [nil, nil, nil, nil, nil, .gone, nil, .back, nil])
    }

    @Test func nobodyIsThereWithoutASocketAndWhereNobodyListens() throws {
        let folder = try TemporaryFolder()
        #expect(!AgentWatch.isThere(folder.path + "/socket"))
        let control = try ControlSocket(path: folder.path + "/socket")
        #expect(AgentWatch.isThere(folder.path + "/socket"))
        control.close()
        #expect(!AgentWatch.isThere(folder.path + "/socket"))
    }
}
