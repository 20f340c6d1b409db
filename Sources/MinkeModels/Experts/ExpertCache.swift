internal import MinkeCheckpoints
internal import MinkeTensors
internal import Synchronization

/// The experts of a mixture that does not fit into memory: they stay in the file, are packed into slots when a layer
/// needs them, and those that ``ExpertSlots`` finds worth it stay there.
///
/// Worker 0 decides, between two barriers; all workers pack. Results are the same bits whatever is in memory: a pair's
/// result is that of its row and its expert alone.
///
/// A file that is shortened while a model runs ends the process with `SIGBUS`, as it does while one is loaded.
@safe
final class ExpertCache: @unchecked Sendable {
  // Sendable by hand: passes take turns, and in a pass only worker 0 writes, while the others wait for it.

  struct Layer: Sendable {
    let router: ExpertRouter
    /// Gate, up and down.
    let matrices: [StreamedMatrices]
  }

  /// Layers with experts, in order.
  private(set) var layers: [Layer] = []
  /// Slots of ``ExpertMemory/slotBytes`` each.
  private let memory: Arena
  private let slotBytes: Int
  let slotCount: Int
  private(set) var slots: ExpertSlots
  /// What the round at hand has to read.
  private var loads: [ExpertSlots.Load] = []
  /// When it began to.
  private var loadStart = ContinuousClock.now
  /// `[layers · 3][experts]`
  private let tables: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let tableCount: Int
  private var guess: ExpertGuess
  private let counted: Mutex<ExpertStatistics>

  /// - Parameter budget: bytes of memory for experts, fewer than all take.
  /// - Throws: ``ModelError`` for a budget below what one token needs in a layer.
  ///
  /// nil for a model without experts, and for a budget that holds all of them.
  init?(_ configuration: ModelConfiguration, tensors: [TensorRecord], budget: Int) throws {
    guard let size = ExpertMemory(configuration, tensors: tensors), let configuration = configuration.experts,
      budget < size.packedBytes
    else { return nil }
    guard budget >= size.leastBudget else {
      throw ModelError(
        .memory, "memory for experts", found: "\(budget) bytes",
        expected:
          "at least \(size.leastBudget), which the \(size.usedCount) experts of one token take in a layer: "
          + "allow more, or take a smaller model")
    }
    slotBytes = size.slotBytes
    slotCount = min(budget / size.slotBytes, size.count)
    memory = try Arena(byteCount: slotCount * slotBytes, for: "experts", isFilled: true)
    slots = ExpertSlots(
      slotCount: slotCount, layerCount: size.count / configuration.count, expertsPerLayer: configuration.count
    )
    tableCount = size.count.multipliedSaturated(by: ExpertMemory.matrices.count)
    unsafe tables = .allocate(capacity: tableCount)
    unsafe tables.initialize(repeating: nil, count: tableCount)
    guess = try ExpertGuess(configuration, experts: size.count)
    var statistics = ExpertStatistics()
    (statistics.slots, statistics.experts) = (slotCount, size.count)
    counted = Mutex(statistics)
  }

  deinit { unsafe tables.deallocate() }

  var statistics: ExpertStatistics { counted.withLock { $0 } }

  /// Adds the next layer that has experts, while a model is loaded.
  ///
  /// - Parameter tensors: gate, up and down, of the configuration's shape.
  func add(_ tensors: [CheckpointTensor], router: ExpertRouter) throws -> Layer {
    var matrices: [StreamedMatrices] = []
    for tensor in tensors {
      let index = (layers.count * tensors.count + matrices.count) * slots.expertsPerLayer
      precondition(index + slots.expertsPerLayer <= tableCount, "a layer that was counted")
      matrices.append(
        try unsafe StreamedMatrices(tensor, table: tables + index, offset: matrices.last?.slotEnd ?? 0))
    }
    precondition(matrices.last.map { $0.slotEnd <= slotBytes } ?? false, "an expert fits a slot")
    let layer = Layer(router: router, matrices: matrices)
    layers.append(layer)
    return layer
  }
}

// MARK: In a pass

extension ExpertCache {
  /// Calls `body` with the active experts of `groups`, as many at a time as there are slots, all of them in memory, with a
  /// barrier between two calls.
  ///
  /// Every worker calls it, behind a barrier.
  ///
  /// - Parameter layer: counts layers with experts.
  func forEachRound(_ groups: ExpertGroups, layer: Int, worker: Worker, _ body: (ExpertGroups) -> Void) {
    for first in stride(from: 0, to: groups.activeCount, by: slotCount) {
      if first > 0 { worker.synchronize() }
      let part = groups.active(first..<min(first + slotCount, groups.activeCount))
      if worker.index == 0 { decide(part, layer: layer, isFirst: first == 0) }
      worker.synchronize()
      if !loads.isEmpty { load(groups, layer, worker) }
      body(part)
    }
  }

  /// Worker 0 alone.
  private func decide(_ groups: ExpertGroups, layer: Int, isFirst: Bool) {
    if isFirst, layer == 0 {
      slots.beginPass()
      guess.beginPass()
    }
    let base = slots.number(0, layer: layer)
    loads = slots.admit((0..<groups.activeCount).lazy.map { base + groups.active($0) })
    if !loads.isEmpty { loadStart = .now }
    for load in loads {
      if let evicted = load.evicted { move(evicted, toSlot: nil) }
      move(load.expert, toSlot: load.slot)
      for matrices in layers[layer].matrices { matrices.prefetch(load.expert - base) }
    }
    let guessed = loads.count { guess.contains($0.expert) }
    var next = (guessed: 0, asked: 0)
    if isFirst {
      guess.settle(right: guessed)
      next = askAhead(rows: groups.rowCount, layer: layer)
    }
    let bytes = layers[layer].matrices.reduce(0) { $0 + $1.fileBytes }
    count(groups) { counts in
      if isFirst, layer == 0 { counts.tokens += groups.rowCount }
      counts.hits += groups.activeCount - loads.count
      counts.misses += loads.count
      counts.missesGuessed += guessed
      counts.guesses += next.guessed
      counts.readAhead += next.asked
      counts.bytesRead += loads.count * bytes
    }
  }

  private func move(_ expert: Int, toSlot slot: Int?) {
    let (layer, index) = expert.quotientAndRemainder(dividingBy: slots.expertsPerLayer)
    let place = unsafe slot.map { unsafe memory.base + $0 * slotBytes }
    for matrices in layers[layer].matrices { unsafe matrices.move(index, toSlot: place) }
  }

  private func load(_ groups: ExpertGroups, _ layer: Int, _ worker: Worker) {
    for load in loads {
      let expert = load.expert - slots.number(0, layer: layer)
      for matrices in layers[layer].matrices { matrices.pack(expert, worker: worker) }
    }
    worker.synchronize()
    guard worker.index == 0 else { return }
    let seconds = (ContinuousClock.now - loadStart).seconds
    count(groups) { $0.seconds += seconds }
  }

  /// The part of a pass over few rows that a guess of the next layer's experts needs: its router's products, complete
  /// after the next barrier.
  ///
  /// - Parameter isQuantized: whether the input has been quantised.
  func scoreNext(_ input: MatmulInput, rows: Int, isQuantized: Bool, layer: Int, worker: Worker) {
    guard let next = guessed(after: layer, rows: rows), isQuantized || !next.router.linear.readsQuantized
    else {
      return
    }
    next.router.linear(input, into: guess.scores.rows(0..<rows), worker: worker)
  }

  private func guessed(after layer: Int, rows: Int) -> Layer? {
    rows <= ExpertGuess.rowLimit && layer + 1 < layers.count ? layers[layer + 1] : nil
  }

  private func askAhead(rows: Int, layer: Int) -> (guessed: Int, asked: Int) {
    guard let next = guessed(after: layer, rows: rows) else { return (0, 0) }
    return guess.ask(next, rows: rows, first: slots.number(0, layer: layer + 1)) { slots.slot(of: $0) == nil }
  }

  private func count(_ groups: ExpertGroups, _ change: (inout ExpertStatistics.Counts) -> Void) {
    counted.withLock { statistics in
      if groups.rowCount == 1 { change(&statistics.decoding) } else { change(&statistics.batched) }
    }
  }
}
