internal import CMinkeKernels

/// A product for each head: output[token, head, row] = Σ matrices[head][row, depth] · input[token, head, depth].
///
/// As in ``matmul(_:_:bias:into:worker:)``, each worker computes its share, of heads or of their panels.
///
/// - Parameters:
///   - input: `[tokens, heads · columns]`
///   - output: `[tokens, heads · length]`, of which the first `rows` of each head are written.
///   - length: from one head of the output to the next.
package func headMatmul(
  _ input: MatmulInput, _ matrices: PackedMatrices, into output: Rows, length: Int, worker: Worker
) {
  precondition(input.floats.width == matrices.count * matrices.columns && length >= matrices.rows)
  precondition(output.width == matrices.count * length && output.count == input.floats.count)
  let panels = matrices.panelCount
  var rest = worker.share(of: matrices.count * panels)
  while let first = rest.first {
    let head = first / panels
    let end = min(rest.upperBound, (head + 1) * panels)
    multiply(
      input, matrices[head], head: head, panels: first - head * panels..<end - head * panels,
      into: output.columns(head * length..<head * length + matrices.rows))
    rest = end..<rest.upperBound
  }
}

/// One head's product, a group of tokens at a time: a group's blocks of a part of the columns lie together.
private func multiply(
  _ input: MatmulInput, _ matrix: PackedMatrix, head: Int, panels: Range<Int>, into output: Rows
) {
  let tokens = input.floats.count
  let group = Int(MINKE_TOKEN_GROUP)
  let first = head * matrix.columns
  for token in stride(from: 0, to: tokens, by: group) {
    let range = token..<min(tokens, token + group)
    let part = unsafe MatmulInput(
      input.floats.rows(range).columns(first..<first + matrix.columns),
      blocks: input.blocks(token: token, block: first / Int(MINKE_BLOCK_DEPTH), of: range.count))
    matmul(part, matrix, into: output.rows(range), panels: panels, groups: 0..<1)
  }
}
