import Realtime

/// Tools between an answer's responses: run after the response that called them, answered, and the model asked again.
extension SessionStateMachine {
    mutating func toolsHandle(_ input: ToolStateMachine.Input) -> [Action] {
        tools.handle(input).flatMap { action -> [Action] in
            switch action {
            case .run(let run): return [.runTool(run)]
            case .answer(let call, let output):
                guard link.readySession != nil else { return [] }
                let item = NewItem(.functionCallOutput(callID: call, output: output))
                return [.send(ClientEvent(.createItem(item, previous: nil), eventID: OwnEventID.toolOutput.text))]
            case .allAnswered(let turn): return answersHandle(answers.toolsAnswered(turn, at: tools.now))
            case .report(let fault): return [.report(fault)]
            }
        }
    }

    /// The turn's entry with the tools that it called.
    mutating func withTools(_ turn: SettledTurn, of id: TurnID) -> SettledTurn {
        var turn = turn
        turn.tools = tools.takeUses(of: id)
        return turn
    }
}
