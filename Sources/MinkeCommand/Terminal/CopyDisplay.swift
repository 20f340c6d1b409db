internal import Foundation
internal import MinkeHub

/// The progress of copying on standard error, if that is a terminal; nothing otherwise.
final class CopyDisplay {
  private let isTerminal = StandardStream.error.isTerminal
  private var bar: ProgressBar

  init(title: String) {
    bar = ProgressBar(title: title)
  }

  func show(_ completed: Int, of total: Int) {
    guard isTerminal else { return }
    let progress = FetchProgress(phase: .downloading, completed: completed, total: total)
    let line = bar.line(
      progress, at: ProcessInfo.processInfo.systemUptime, width: StandardStream.error.size.columns)
    StandardStream.error.write("\r" + line + "\u{1B}[K")
  }

  func clear() {
    if isTerminal { StandardStream.error.write("\r\u{1B}[K") }
  }
}
