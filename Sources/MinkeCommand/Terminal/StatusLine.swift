/// One line on standard error that says how far work is, drawn over itself, if that is a terminal; nothing otherwise.
struct StatusLine {
  let isShown = StandardStream.error.isTerminal
  var columns: Int { StandardStream.error.size.columns }

  func show(_ line: @autoclosure () -> String) {
    if isShown { StandardStream.error.write("\r" + line() + "\u{1B}[K") }
  }

  func clear() { show("") }

  /// How many chunks of a text are done.
  func show(chunk done: Int, of all: Int) { show("chunk \(done) of \(all)") }
}
