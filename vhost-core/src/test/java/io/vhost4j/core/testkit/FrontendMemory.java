// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.testkit;

import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The memory of a guest that a test plays: a memory file, mapped here, with room for rings at fixed places. */
public final class FrontendMemory implements AutoCloseable {
    /** Where the guest sees the memory. */
    public static final long GPA = 0x1_0000;
    /** Where the front-end says that it sees the memory. */
    public static final long USER = 0x7f00_0000_0000L;

    private static final long RING_STRIDE = 0x4_0000;
    private static final long AVAIL = 0x1_0000;
    private static final long USED = 0x2_0000;

    private final OwnedFd file;
    private final Mapping mapping;

    /** Memory of some bytes. */
    public FrontendMemory(long sizeBytes) {
        file = MemFd.create("guest", sizeBytes);
        mapping = Mapping.map(file, 0, sizeBytes, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED);
    }

    /** The file's descriptor. */
    public int fd() {
        return file.fd();
    }

    /** Bytes. */
    public long size() {
        return mapping.length();
    }

    /** The memory. */
    public MemorySegment memory() {
        return mapping.segment();
    }

    /** Front-end address of a ring's descriptors. */
    public long desc(int queue) {
        return USER + queue * RING_STRIDE;
    }

    /** Front-end address of a ring's available part. */
    public long avail(int queue) {
        return desc(queue) + AVAIL;
    }

    /** Front-end address of a ring's used part. */
    public long used(int queue) {
        return desc(queue) + USED;
    }

    /** Writes 16 bits at a front-end address. */
    public void putU16(long userAddr, int value) {
        memory().set(ValueLayout.JAVA_SHORT, userAddr - USER, (short) value);
    }

    /** The 16 bits at a front-end address. */
    public int getU16(long userAddr) {
        return Short.toUnsignedInt(memory().get(ValueLayout.JAVA_SHORT, userAddr - USER));
    }

    /** The whole memory as a table of one region. */
    public byte[] table() {
        return new Payload().u32(1).u32(0).u64(GPA).u64(size()).u64(USER).u64(0).toBytes();
    }

    /** The whole memory as a single region. */
    public byte[] region() {
        return Payload.region(GPA, size(), USER, 0);
    }

    @Override
    public void close() {
        try (file) {
            mapping.close();
        }
    }
}
