// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The memory of a guest that attacks: a file, mapped here too, with rings at its start and packets behind. Places are given as offsets, which
 * {@link #gpa} and {@link #user} turn into what descriptors and messages want.
 */
final class Ram implements AutoCloseable {
    static final long GPA = 0x4000_0000L;
    static final long USER = 0x7000_0000_0000L;
    static final long SIZE = 4 << 20;
    /** Where packets and tables are; below it are the rings. */
    static final long DATA = 1 << 20;

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final OwnedFd file;
    private final Mapping mapping;

    Ram() {
        file = MemFd.create("hostile-guest", SIZE);
        mapping = Mapping.map(file, 0, SIZE, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED);
    }

    int fd() {
        return file.fd();
    }

    static long gpa(long offset) {
        return GPA + offset;
    }

    static long user(long offset) {
        return USER + offset;
    }

    private MemorySegment memory() {
        return mapping.segment();
    }

    void u8(long at, int value) {
        memory().set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }

    int u16(long at) {
        return memory().get(U16, at) & 0xFFFF;
    }

    void u16(long at, int value) {
        memory().set(U16, at, (short) value);
    }

    /** Writes 16 bits after everything before. */
    void u16Release(long at, int value) {
        VarHandle.fullFence();
        u16(at, value);
        VarHandle.fullFence();
    }

    void u32(long at, long value) {
        memory().set(U32, at, (int) value);
    }

    void u64(long at, long value) {
        memory().set(U64, at, value);
    }

    void bytes(long at, byte[] data) {
        MemorySegment.copy(data, 0, memory(), ValueLayout.JAVA_BYTE, at, data.length);
    }

    /** A split ring's descriptor, or an entry of a table. */
    void desc(long at, long addr, long len, int flags, int next) {
        u64(at, addr);
        u32(at + 8, len);
        u16(at + 12, flags);
        u16(at + 14, next);
    }

    /** A packed ring's descriptor, its flags last. */
    void packedDesc(long at, long addr, long len, int id, int flags) {
        u64(at, addr);
        u32(at + 8, len);
        u16(at + 12, id);
        u16Release(at + 14, flags);
    }

    /** Makes the file shorter or longer; what is cut off must not be touched here until it is long again. */
    void resize(long bytes) {
        FileCalls.ftruncate(file.fd(), bytes);
    }

    /** Drops the pages of a range; they read as zeros afterwards. */
    void punch(long from, long bytes) {
        FileCalls.fallocate(file.fd(), FileCalls.FALLOC_FL_PUNCH_HOLE | FileCalls.FALLOC_FL_KEEP_SIZE, from, bytes);
    }

    @Override
    public void close() {
        try (file) {
            mapping.close();
        }
    }
}
