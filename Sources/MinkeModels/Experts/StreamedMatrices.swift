internal import MinkeCheckpoints
internal import MinkeTensors

/// One of the three matrices of each expert of a layer, which stay in the file until an expert is needed.
@safe
struct StreamedMatrices: @unchecked Sendable {
  // Sendable by hand: the table changes while no worker reads it; see `ExpertCache`.

  /// As products use them; an expert's has a place while it is in memory.
  let packed: PackedMatrices
  private let tensor: CheckpointTensor
  /// The tensor as one matrix, where its rows lie in the file as they are.
  private let stored: StoredMatrix?
  /// `[experts]`
  private let table: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// Where the matrix begins in a slot.
  private let offset: Int

  /// - Parameter table: a place for each expert, all nil.
  init(
    _ tensor: CheckpointTensor, table: UnsafeMutablePointer<UnsafeMutableRawPointer?>, offset: Int
  ) throws {
    let (columns, rows, count) = (tensor.dimensions[0], tensor.dimensions[1], tensor.dimensions[2])
    unsafe packed = PackedMatrices(
      type: tensor.type, count: count, rows: rows, columns: columns, base: UnsafeMutableRawPointer(table),
      table: UnsafePointer(table))
    self.tensor = tensor
    stored = try tensor.stored?.matrix
    unsafe self.table = table
    self.offset = offset
    // What lies beside an expert in the file is not likelier to be needed next than anything else.
    tensor.advise(.random, rows: 0..<tensor.rows)
  }

  /// Bytes of a slot up to the end of the matrix, and of the expert's matrix in the file.
  var slotEnd: Int { offset + packed.stride }
  var fileBytes: Int { packed.rows * tensor.rowByteCount }

  private func rows(of expert: Int) -> Range<Int> { expert * packed.rows..<(expert + 1) * packed.rows }

  /// Says where an expert is from now on; nil where it is not in memory.
  func move(_ expert: Int, toSlot slot: UnsafeMutableRawPointer?) {
    unsafe table[expert] = slot.map { unsafe $0 + offset }
  }

  /// Starts to fetch an expert from the disk, where the system has not got it in memory.
  func prefetch(_ expert: Int) { tensor.prefetch(rows: rows(of: expert)) }

  /// Packs the worker's share of an expert, which has a place.
  func pack(_ expert: Int, worker: Worker) {
    unsafe PackingJob(
      contents: .rows(tensor, stored, packed[expert], first: expert * packed.rows)
    ).run(worker)
  }
}
