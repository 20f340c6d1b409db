internal import CMinkeKernels

// What keeping blocks in a file needs, beside their bytes.

extension KVPool {
  /// Which meaning a block's bytes have.
  package static var layoutVersion: Int { KVCacheLayout.version }

  /// Makes the positions from `first` on of a block's copy zeros: what an earlier sequence left there is nobody's to keep.
  package func eraseEnd(of block: UnsafeMutableRawBufferPointer, from first: Int, group: Int) {
    precondition(block.count == layout.blockStrides[group], "a block of the group")
    guard let base = block.baseAddress, first < KVCacheShape.blockLength else { return }
    let zeros = [Float](repeating: 0, count: shape.headDimension)
    let kernels = unsafe minke_vector()
    let (keyElement, valueElement) = (shape.keyElement.kernelElement, shape.valueElement.kernelElement)
    unsafe zeros.withUnsafeBufferPointer { zeros in
      guard let zeros = zeros.baseAddress else { return }
      for head in 0..<shape.groups[group].layerCount * shape.headCount {
        let keys = unsafe base + head * layout.headStride
        for position in first..<KVCacheShape.blockLength {
          unsafe kernels.pointee.store_key(zeros, keys, position, shape.headDimension, keyElement)
          guard layout.valueOffset > 0 else { continue }
          unsafe kernels.pointee.store_value(
            zeros, keys + layout.valueOffset, position, shape.headDimension, valueElement)
        }
      }
    }
  }
}
