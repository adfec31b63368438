// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import io.vhost4j.drivers.vfio.Mmio;
import java.util.Objects;

/**
 * A window into a BAR. Accesses outside of it throw.
 *
 * @param bar the BAR's number
 * @param registers all of the BAR
 * @param offset where the window starts in it
 * @param bytes its length
 */
record Registers(int bar, Mmio registers, long offset, long bytes) {
    private long at(long register, int width) {
        return offset + Objects.checkFromIndexSize(register, width, bytes);
    }

    int get8(long register) {
        return registers.get8(at(register, Byte.BYTES));
    }

    int get16(long register) {
        return registers.get16(at(register, Short.BYTES));
    }

    int get32(long register) {
        return registers.get32(at(register, Integer.BYTES));
    }

    void set8(long register, int value) {
        registers.set8(at(register, Byte.BYTES), value);
    }

    void set16(long register, int value) {
        registers.set16(at(register, Short.BYTES), value);
    }

    void set32(long register, int value) {
        registers.set32(at(register, Integer.BYTES), value);
    }

    /** Two writes, as 64-bit fields are to be accessed (virtio 1.2 §4.1.3.1). */
    void set64(long register, long value) {
        set32(register, (int) value);
        set32(register + Integer.BYTES, (int) (value >>> 32));
    }
}
