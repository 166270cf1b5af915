import ArgumentParser
import Testing

@testable import kiosk_agent

@Suite struct CommandTests {
    private func exitCode(_ arguments: String...) -> Int32? {
        do {
            var command = try KioskAgent.parseAsRoot(arguments)
            try command.run()
            return nil
        } catch let failure as CommandFailure {
            return failure.status
        } catch {
            return KioskAgent.exitCode(for: error).rawValue
        }
    }

    @Test func settingsOptionsAreTakenByEveryCommand() throws {
        let options = ["--config", "k.toml", "--set", "a.b=c=d", "--set", "e.f=-1"]
        let run = try #require(try KioskAgent.parseAsRoot(["run"] + options) as? RunCommand)
        let press = try #require(try KioskAgent.parseAsRoot(["button", "press"] + options) as? ButtonCommand.Press)
        let check = try #require(try KioskAgent.parseAsRoot(["check", "--online", "--echo"] + options) as? CheckCommand)
        for settings in [run.settings, press.settings, check.options] {
            #expect(settings.file == "k.toml")
            #expect(settings.overrides == ["a.b=c=d", "e.f=-1"])
        }
        #expect(check.online && check.echo)
    }

    @Test func wrongUsageExitsWith64() {
        #expect(exitCode() == 64)
        #expect(exitCode("fly") == 64)
        #expect(exitCode("run") == 64)
        #expect(exitCode("run", "--config") == 64)
        #expect(exitCode("run", "--config", "a", "--nonsense") == 64)
        #expect(exitCode("button") == 64)
        #expect(exitCode("button", "hold", "--config", "a") == 64)
        #expect(exitCode("button", "hold", "ten", "--config", "a") == 64)
        #expect(exitCode("button", "hold", "600001", "--config", "a") == 64)
        #expect(exitCode("session") == 64)
        #expect(exitCode("session", "set", "--config", "a") == 64)
        #expect(exitCode("levels") == 64)
        #expect(exitCode("levels", "--config", "a", "--seconds", "0") == 64)
        #expect(exitCode("levels", "--config", "a", "--seconds", "86401") == 64)
        #expect(exitCode("devices", "all") == 64)
        #expect(exitCode("journal") == 64)
        #expect(exitCode("journal", "tail") == 64)
        #expect(exitCode("journal", "tail", "--journal", "x", "--lines", "-1") == 64)
        #expect(exitCode("journal", "tail", "--journal", "x", "--format", "csv") == 64)
        #expect(exitCode("journal", "show", "0", "--journal", "x") == 64)
        #expect(exitCode("journal", "search", "--journal", "x") == 64)
        #expect(exitCode("journal", "search", "", "--journal", "x") == 64)
        #expect(exitCode("journal", "export", "--journal", "x") == 64)
        #expect(exitCode("journal", "stats", "--journal", "x", "--since", "soon") == 64)
        #expect(exitCode("journal", "report", "--journal", "x") == 64)
    }

    @Test func wrongSettingsExitWith78() throws {
        let folder = try TemporaryFolder()
        let bad = try folder.write("[audio]\nperid_ms = 1", to: "bad.toml")
        #expect(exitCode("run", "--config", bad) == 78)
        #expect(exitCode("run", "--config", folder.path + "/gone.toml") == 78)
        #expect(exitCode("button", "press", "--config", bad) == 78)
        let good = try folder.write("control.socket = 'sock'", to: "good.toml")
        #expect(exitCode("session", "set", "turns.detection=vad", "--config", good) == 78)
        #expect(exitCode("session", "set", "turns.detection=server-vad", "--config", good) == 1)
    }

    @Test func aButtonWithoutAnAgentExitsWith1() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("control.socket = 'sock'\nrealtime.ca_file = 'unreadable'", to: "kiosk.toml")
        #expect(exitCode("button", "press", "--config", file) == 1)
        #expect(exitCode("button", "hold", "5", "--config", file) == 1)
    }
}
