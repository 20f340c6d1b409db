internal import MinkeEngine

/// What must hold when nobody asks any more.
struct SoakEnd {
  let engine: Engine
  let ledger: SoakLedger

  /// Waits until nothing runs, then looks at the books, drops the cache and sees its memory given back.
  ///
  /// - Returns: bytes of the cache before it was dropped, and by how much the process became smaller.
  func check() async -> (cache: Int, process: Int?) {
    await waitUntilIdle()
    let statistics = engine.statistics
    expect(
      statistics.running == 0 && statistics.waiting == 0,
      "\(statistics.running) run, \(statistics.waiting) wait")
    expect(
      statistics.usage.running == 0, "\(statistics.usage.running) bytes are held by sequences; expected 0")
    // Without sequences, every block in use has to be the tree's.
    for violation in engine.checkBooks() { expect(false, violation) }
    let before = ProcessFigures.current.anonymous
    let left = engine.dropCache()
    expect(
      left.running + left.cached == 0,
      "\(left.running + left.cached) bytes are in use after the cache was dropped")
    expect(left.resident == 0, "\(left.resident) bytes are still taken up after the cache was dropped")
    for violation in engine.checkBooks() { expect(false, violation) }
    let cache = statistics.usage.resident
    let process: Int? =
      if let before, let after = ProcessFigures.current.anonymous { before - after } else { nil }
    // Blocks of which only some pages were written take less than they could.
    if let process {
      expect(process >= cache / 2, "\(process) bytes went back to the system; expected half of \(cache)")
    }
    return (cache, process)
  }

  private func waitUntilIdle() async {
    for _ in 0..<1000 {
      let statistics = engine.statistics
      if statistics.running + statistics.waiting == 0 { return }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  private func expect(_ holds: Bool, _ difference: String) {
    if !holds { ledger.fail("the end", difference) }
  }
}
