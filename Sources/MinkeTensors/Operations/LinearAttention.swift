internal import CMinkeKernels

/// Linear attention with a decay for each head (arXiv:2401.04658) of a batch to its sequences' states.
///
/// A head's state `[dimension][dimension]` goes through its slice's rows one after the other: results are the same bits
/// however a sequence is cut into batches. Pairs of a slice and a head are split among the workers.
///
/// - Parameters:
///   - input: query, key and value of head after head `[count, heads · 3 · headDimension]`.
///   - decays: what a head's state is multiplied by from one position to the next `[heads]`.
///   - stateOffset: of the layer's states within a sequence's.
///   - output: `[count, heads · headDimension]`
package func linearAttention(
  _ input: Rows, slices: UnsafeBufferPointer<SequenceSlice>, headDimension: Int,
  decays: UnsafePointer<Float>, stateOffset: Int, into output: Rows, worker: Worker
) {
  precondition(headDimension > 0 && output.width.isMultiple(of: headDimension))
  precondition(input.width == 3 * output.width && input.count == output.count)
  let kernel = unsafe minke_vector().pointee.linear_attention
  forEachHead(rows: slices.count, heads: output.width / headDimension, worker: worker) { number, head in
    let slice = unsafe slices[number]
    precondition(slice.firstRow + slice.rowCount <= input.count)
    guard slice.rowCount > 0, let state = unsafe slice.cache.state else { return }
    let query = unsafe input[slice.firstRow] + 3 * head * headDimension
    var call = unsafe minke_linear_attention(
      queries: query, keys: query + headDimension, values: query + 2 * headDimension, stride: input.stride,
      output: output[slice.firstRow] + head * headDimension, output_stride: output.stride,
      rows: slice.rowCount, dim: headDimension, decay: decays[head],
      state: state + stateOffset + head * headDimension * headDimension)
    unsafe kernel(&call)
  }
}
