// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vfio;

import io.vhost4j.core.linux.Mapping;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Registers in a mapped BAR. Stores are plain ones between fences: should the device's memory be switched off, the fault of such a store is
 * one that HotSpot turns into an {@link InternalError}, and the fences keep accesses apart and in order.
 */
final class MappedMmio implements Mmio {
    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();

    private final Mapping mapping;
    private final MemorySegment registers;

    MappedMmio(Mapping mapping) {
        this.mapping = mapping;
        registers = mapping.segment();
    }

    @Override
    public long size() {
        return registers.byteSize();
    }

    @Override
    public int get8(long offset) {
        return (byte) BYTE.getAcquire(registers, offset) & 0xff;
    }

    @Override
    public int get16(long offset) {
        return (short) SHORT.getAcquire(registers, offset) & 0xffff;
    }

    @Override
    public int get32(long offset) {
        return (int) INT.getAcquire(registers, offset);
    }

    @Override
    public void set8(long offset, int value) {
        VarHandle.fullFence();
        registers.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
        VarHandle.fullFence();
    }

    @Override
    public void set16(long offset, int value) {
        VarHandle.fullFence();
        registers.set(ValueLayout.JAVA_SHORT, offset, (short) value);
        VarHandle.fullFence();
    }

    @Override
    public void set32(long offset, int value) {
        VarHandle.fullFence();
        registers.set(ValueLayout.JAVA_INT, offset, value);
        VarHandle.fullFence();
    }

    @Override
    public void close() {
        mapping.close();
    }
}
