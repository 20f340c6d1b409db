package import MinkeTensors

/// How a draft model's keys and values lie beside the model's.
package struct DraftLayout {
  /// What the draft model's blocks hold.
  package let shape: KVCacheShape
  /// The model's groups of layers, where a block counts for both models.
  package let groups: [BlockGroup]
  /// The group whose block numbers the draft model's blocks have: that of layers that see everything, so that no block is
  /// given up which it may still need.
  package let host: Int

  /// - Throws: ``EngineError`` where a draft model cannot be kept in step: neither model may have a state, which cannot be cut
  ///   back, and the model must have layers that see everything.
  package init(_ draft: KVCacheShape, beside model: KVCacheShape) throws(EngineError) {
    for (name, shape) in [("the draft model", draft), ("the model", model)] where shape.stateCount > 0 {
      throw EngineError(
        .draft, name, found: "layers of linear attention, whose state cannot be cut back",
        expected: "layers of attention only, where a draft model guesses")
    }
    guard let host = model.groups.firstIndex(where: { $0.window == nil }) else {
      throw EngineError(
        .draft, "the model", found: "layers that see a sliding window and no others",
        expected: "a layer that sees everything, where a draft model guesses")
    }
    shape = draft
    self.host = host
    var groups = BlockGroup.groups(of: model)
    for group in BlockGroup.groups(of: draft) {
      let (bytes, overflow) = groups[host].byteCount.addingReportingOverflow(group.byteCount)
      groups[host].byteCount = overflow ? .max : bytes
    }
    self.groups = groups
  }
}
