internal import CMinkeKernels

/// What packed weights that were kept on disk must agree with to be of use.
package enum PackedLayout {
  /// Raised with every change of the layout.
  package static var version: Int { Int(MINKE_PACK_VERSION) }

  /// The instruction set in use, whose kernels read the layout: `portable`, `avx2`, `avx512` or `neon`.
  package static var instructionSet: String {
    unsafe String(cString: minke_cpu_level_name(minke_cpu_active()))
  }
}
