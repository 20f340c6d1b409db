internal import Foundation
internal import MinkeHub

/// Shows a fetch on standard error: a progress bar where that is a terminal, and what a person should know in any case.
final class FetchDisplay: Sendable {
  private let status = StatusLine()
  private let title: String
  private let bar: Locked<ProgressBar>
  private let last = Locked<FetchProgress.Phase?>(nil)

  init(title: String) {
    self.title = title
    bar = Locked(ProgressBar(title: title))
  }

  func show(_ progress: FetchProgress) {
    let isNew = last.withLock { phase in
      defer { phase = progress.phase }
      return phase != progress.phase
    }
    if isNew { note(progress.phase) }
    guard status.isShown else { return }
    let now = ProcessInfo.processInfo.systemUptime
    let width = status.columns
    let line = bar.withLock { $0.line(progress, at: now, width: width) }
    status.show(line)
  }

  /// What is worth a line of its own.
  private func note(_ phase: FetchProgress.Phase) {
    let text: String
    switch phase {
    case .restarting: text = "it has changed at its source: fetching it from the beginning"
    case .repairing: text = "what came is not what its source states: looking for the wrong part"
    default: return
    }
    clear()
    StandardStream.error.write("minke: \(title): \(text)\n")
  }

  func clear() { status.clear() }

  /// Does some work that Ctrl-C stops, showing how far it is.
  static func during<Result: Sendable>(
    _ title: String,
    _ work: @escaping @Sendable (@escaping @Sendable (FetchProgress) -> Void) async throws -> Result
  ) async throws -> Result {
    let display = FetchDisplay(title: title)
    defer { display.clear() }
    let task = Task { try await work { display.show($0) } }
    Interrupts.begin { task.cancel() }
    defer { Interrupts.end() }
    do {
      return try await task.value
    } catch {
      // Whatever the work says of having been stopped, unless it goes on there later.
      if task.isCancelled, error as? HubError != .paused { throw HubError.cancelled }
      throw error
    }
  }
}
