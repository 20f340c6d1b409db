import MinkeEngine
import MinkeTensors
import Testing

@Suite struct `What a draft model has computed` {
  private let blocks = [5, 2, 9, 0].map { BlockNumbers(Int32($0), -1) }

  private func count(_ progress: DraftProgress, of end: Int = 256) -> Int {
    progress.computedCount(of: end, blocks, group: 0)
  }

  @Test func `Nothing is known of blocks at first, and what is computed counts without gaps`() {
    var progress = DraftProgress()
    #expect(count(progress) == 0)
    progress.noteComputed(0..<70, blocks, group: 0)
    #expect(count(progress) == 70 && count(progress, of: 66) == 66 && count(progress, of: 0) == 0)
    progress.noteComputed(70..<200, blocks, group: 0)
    #expect(count(progress) == 200)
    #expect(progress.computedCount(of: 500, blocks, group: 0) == 200)
    #expect(progress.computedCount(of: 100, [], group: 0) == 0)
    progress.forget(2)
    #expect(count(progress) == 64)
    #expect(progress.holds(5) && !progress.holds(2) && progress.holds(9) && !progress.holds(77))
  }

  @Test func `What the model writes anew is lost, in later blocks too`() {
    var progress = DraftProgress()
    progress.noteComputed(0..<200, blocks, group: 0)
    progress.noteWritten(100..<130, blocks, group: 0)
    #expect(count(progress) == 100)
    progress.noteComputed(100..<128, blocks, group: 0)
    #expect(count(progress) == 128)
    // Writing behind what is computed changes nothing, nor does computing less than there is.
    progress.noteWritten(128..<131, blocks, group: 0)
    progress.noteComputed(10..<20, blocks, group: 0)
    #expect(count(progress) == 128)
    progress.noteWritten(0..<0, blocks, group: 0)
    progress.noteComputed(7..<7, blocks, group: 0)
    #expect(count(progress) == 128)
  }

  @Test func `A copy has what its source has`() {
    var progress = DraftProgress()
    progress.noteComputed(0..<40, blocks, group: 0)
    progress.copy(5, to: 2)
    #expect(progress.computedCount(of: 64, [BlockNumbers(2, -1)], group: 0) == 40)
    progress.noteWritten(30..<35, [BlockNumbers(2, -1)], group: 0)
    #expect(progress.computedCount(of: 64, [BlockNumbers(2, -1)], group: 0) == 30)
    #expect(count(progress) == 40)
    progress.copy(123, to: 5)
    #expect(count(progress) == 0)
  }

  @Test func `Those that are nearly there go first, those far behind share a budget`() {
    #expect(DraftShares.rows(behind: [2, 300, 1, 40], budget: 48, limit: 512) == [2, 48, 1, 0])
    #expect(DraftShares.rows(behind: [2, 30, 1, 40], budget: 48, limit: 512) == [2, 30, 1, 18])
    #expect(DraftShares.rows(behind: [16, 16, 16], budget: 48, limit: 40) == [16, 16, 0])
    #expect(DraftShares.rows(behind: [100, 3], budget: 1000, limit: 64) == [61, 3])
    #expect(DraftShares.rows(behind: [], budget: 4, limit: 4) == [])
    #expect(DraftShares.rows(behind: [50], budget: 0, limit: 4) == [0])
  }

  // MARK: Beside the model

  private func shape(_ groups: [KVLayerGroup], state: Int = 0) -> KVCacheShape {
    KVCacheShape(groups: groups, headCount: 2, headDimension: 32, stateCount: state)
  }

  @Test func `Blocks of layers that see everything count for both models`() throws {
    let model = shape([KVLayerGroup(layerCount: 4), KVLayerGroup(layerCount: 8, window: 128)])
    let alone = try #require(shape([KVLayerGroup(layerCount: 1)]).byteCount(capacity: 64))
    let draft = shape([KVLayerGroup(layerCount: 1), KVLayerGroup(layerCount: 2, window: 64)])
    let layout = try DraftLayout(draft, beside: model)
    #expect(layout.host == 0)
    #expect(layout.groups.map(\.byteCount) == [7 * alone, 8 * alone])
    #expect(layout.groups.map(\.window) == [nil, 128])
  }

  @Test func `A draft model that cannot be kept in step is refused`() throws {
    let (plain, windowed) = (
      shape([KVLayerGroup(layerCount: 2)]), shape([KVLayerGroup(layerCount: 2, window: 64)])
    )
    let state = shape([KVLayerGroup(layerCount: 2)], state: 64)
    _ = try DraftLayout(windowed, beside: plain)
    for (draft, model, text) in [
      (state, plain, "the draft model: found layers of linear"), (plain, state, "the model: found layers of"),
      (plain, windowed, "sliding window"),
    ] {
      let error = #expect(throws: EngineError.self) { _ = try DraftLayout(draft, beside: model) }
      #expect(error?.kind == .draft && error?.description.contains(text) == true)
    }
  }
}
