// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.async;

/**
 * Copies that a ring gives to a {@link DmaChannel}, counted from 0. Valid during {@link DmaChannel#transferData}; what is kept beyond that
 * has to be copied out. All addresses are of this process.
 */
public interface CopyBatch {
    /** How many copies there are. */
    int count();

    /** Host address of the first byte to read. */
    long source(int index);

    /** Host address of the first byte to write. */
    long target(int index);

    /** Bytes, 1 to {@link DmaCapabilities#maxLength()}. Source and target never overlap. */
    int length(int index);

    /** What {@link DmaChannel#checkCompletedCopies} tells the copy by; never negative, and not used again by the ring. */
    long opaque(int index);
}
