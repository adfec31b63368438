// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vfio;

/**
 * Registers of a device, little-endian. Each access reaches the device as one of its width, in program order; offsets are in
 * bytes and multiples of the width; others throw {@link IndexOutOfBoundsException}. A device that is gone reads as all ones, or an
 * {@link InternalError} comes out.
 */
public interface Mmio extends AutoCloseable {
    /** Bytes. */
    long size();

    /** Reads 8 bits. */
    int get8(long offset);

    /** Reads 16 bits. */
    int get16(long offset);

    /** Reads 32 bits. */
    int get32(long offset);

    /** Writes 8 bits. */
    void set8(long offset, int value);

    /** Writes 16 bits. */
    void set16(long offset, int value);

    /** Writes 32 bits. */
    void set32(long offset, int value);

    /** Ends the access. */
    @Override
    void close();
}
