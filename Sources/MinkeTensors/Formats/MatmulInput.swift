internal import CMinkeKernels

/// The activations of a matrix product: floats `[tokens, width]` and room for their 8-bit form.
///
/// Integer formats multiply by activations quantised to signed 8 bits with one float scale for 32 elements; float
/// formats read the floats. Trivial and unowned, like ``Rows``.
@safe
package struct MatmulInput {
  /// `[tokens, width]`
  package let floats: Rows
  /// The quantised blocks, as `minke_product` describes them.
  package let blocks: UnsafeMutableRawPointer

  /// - Parameter blocks: At least ``byteCount(tokens:width:)`` bytes at a multiple of 16.
  package init(_ floats: Rows, blocks: UnsafeMutableRawPointer) {
    self.floats = floats
    unsafe self.blocks = blocks
  }

  /// The first `count` rows of the memory.
  package func first(_ count: Int) -> MatmulInput {
    unsafe MatmulInput(floats.rows(0..<count), blocks: blocks)
  }

  /// The memory for rows of fewer elements.
  package func narrowed(to width: Int) -> MatmulInput {
    precondition(width <= floats.width)
    return width == floats.width ? self : unsafe MatmulInput(floats.columns(0..<width), blocks: blocks)
  }

  /// Some rows that are a batch of their own: groups of tokens begin with the first.
  ///
  /// Only of memory that is written and read in such parts; in another division blocks lie elsewhere.
  package func rows(_ range: Range<Int>) -> MatmulInput {
    let offset = range.lowerBound * blocksPerToken * MemoryLayout<minke_activation_block>.stride
    return unsafe MatmulInput(floats.rows(range), blocks: blocks + offset)
  }

  /// Bytes that the quantised form takes, or nil when they overflow. Widths that are not a multiple of 32 have none:
  /// only float weights have such rows.
  package static func byteCount(tokens: Int, width: Int) -> Int? {
    let blocks = (width / Int(MINKE_BLOCK_DEPTH)).multipliedReportingOverflow(by: tokens)
    let bytes = blocks.partialValue.multipliedReportingOverflow(
      by: MemoryLayout<minke_activation_block>.stride)
    return tokens < 0 || width < 0 || blocks.overflow || bytes.overflow ? nil : bytes.partialValue
  }
}

extension MatmulInput {
  private var blocksPerToken: Int { floats.width / Int(MINKE_BLOCK_DEPTH) }

  /// Quantises this worker's share; ready for products after the next barrier.
  ///
  /// With at least as many tokens as workers each worker quantises whole rows, else a part of each row.
  package func quantize(worker: Worker) {
    if floats.count >= worker.count {
      quantize(rows: worker.share(of: floats.count))
    } else {
      let share = worker.share(of: blocksPerToken)
      for row in 0..<floats.count { quantize(row: row, blocks: share) }
    }
  }

  /// Quantises some rows: for a caller that has just computed them, such as a norm.
  package func quantize(rows: Range<Int>) {
    for row in rows { quantize(row: row, blocks: 0..<blocksPerToken) }
  }

  private func quantize(row: Int, blocks range: Range<Int>) {
    assert(floats.width.isMultiple(of: Int(MINKE_BLOCK_DEPTH)), "quantised rows are whole blocks")
    let (first, step) = unsafe blocks(of: row)
    unsafe minke_quantize(minke_cpu_active(), floats[row], range.lowerBound, range.count, first, step)
  }

  /// The first block of a row, and how many blocks on its next is.
  private func blocks(of row: Int) -> (first: UnsafeMutablePointer<minke_activation_block>, step: Int) {
    let group = row & -Int(MINKE_TOKEN_GROUP)
    let first =
      unsafe blocks.assumingMemoryBound(to: minke_activation_block.self)
      + (group * blocksPerToken + row - group)
    return unsafe (first, min(Int(MINKE_TOKEN_GROUP), floats.count - group))
  }

  /// Copies the quantised form of a row of another input.
  func copyBlocks(from other: MatmulInput, row: Int, to place: Int) {
    let (source, sourceStep) = unsafe other.blocks(of: row)
    let (target, targetStep) = unsafe blocks(of: place)
    for block in 0..<blocksPerToken {
      unsafe target[block * targetStep] = source[block * sourceStep]
    }
  }

  /// The quantised block `block` of the `count` tokens of a group that begins with `token`.
  func blocks(token: Int, block: Int, of count: Int) -> UnsafeMutableRawPointer {
    unsafe blocks + (token * blocksPerToken + block * count) * MemoryLayout<minke_activation_block>.stride
  }
}
