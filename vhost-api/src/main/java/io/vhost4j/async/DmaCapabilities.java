// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.async;

/**
 * What a channel can do.
 *
 * @param inOrder whether copies complete in the order in which they were given
 * @param maxBurst the most copies of one {@link DmaChannel#transferData}, at least 1
 * @param maxLength the most bytes of one copy, at least 1; longer ones are given in pieces
 * @param needsMapping whether the channel reaches only memory that it was told of by {@link DmaChannel#mapMemory}
 */
public record DmaCapabilities(boolean inOrder, int maxBurst, int maxLength, boolean needsMapping) {
    /** Checks the numbers. */
    public DmaCapabilities {
        if (maxBurst < 1 || maxLength < 1) {
            throw new IllegalArgumentException(
                    "maxBurst=" + maxBurst + ", maxLength=" + maxLength + ": must be at least 1");
        }
    }
}
