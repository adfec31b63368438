// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.pool;

import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketFlags;
import io.vhost4j.packet.PacketPool;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A packet of a {@link BufferPool}. The rooms of this module use the addresses; applications see {@link Packet}. */
public final class PooledPacket implements Packet {
    private static final VarHandle REFERENCES;

    static {
        try {
            REFERENCES = MethodHandles.lookup().findVarHandle(PooledPacket.class, "references", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int MAX_SEGMENTS = 65535;

    private final BufferPool pool;
    final int index;

    private long bufferAddress;
    private int bufferBytes;
    private int dataOffset;
    private int dataLength;
    private int packetLength;
    private int segmentCount;
    private @Nullable PooledPacket next;
    private long olFlags;
    /** Four fields of 16 bits: length of the L2, L3 and L4 header, and the size of a TSO segment, lowest first. */
    private long offloadLengths;

    private long userData;

    @SuppressWarnings("unused") // only through REFERENCES
    private int references;

    private @Nullable Runnable externalRelease;

    PooledPacket(BufferPool pool, int index) {
        this.pool = pool;
        this.index = index;
    }

    /** Makes it an empty packet with the pool's own buffer and one reference. */
    void reset(int headroom) {
        dataOffset = headroom;
        dataLength = 0;
        packetLength = 0;
        segmentCount = 1;
        next = null;
        olFlags = 0;
        offloadLengths = 0;
        userData = 0;
        references = 1;
    }

    void useOwnBuffer() {
        bufferAddress = pool.bufferAddress(index);
        bufferBytes = pool.bufferBytes();
    }

    /** Leaves nothing to access, for when the pool's memory goes. */
    void dispose() {
        bufferAddress = 0;
        bufferBytes = 0;
        dataOffset = 0;
        dataLength = 0;
        packetLength = 0;
        segmentCount = 1;
        next = null;
    }

    /** Host address of the first byte of data. */
    public long dataAddress() {
        return bufferAddress + dataOffset;
    }

    /** Sets the data of a packet of one segment; {@code bytes} must not be more than {@link #tailroom} was when empty. */
    public void setSingleLength(int bytes) {
        dataLength = bytes;
        packetLength = bytes;
    }

    /** Sets this segment's own data length; the first segment's totals are set by {@link #setTotals}. */
    public void setSegmentLength(int bytes) {
        dataLength = bytes;
    }

    /** Sets what the first segment says of the whole packet. */
    public void setTotals(int bytes, int segments) {
        packetLength = bytes;
        segmentCount = segments;
    }

    /** Links the next segment. */
    public void setNext(@Nullable PooledPacket segment) {
        next = segment;
    }

    @Override
    public int dataLength() {
        return dataLength;
    }

    @Override
    public int packetLength() {
        return packetLength;
    }

    @Override
    public int segmentCount() {
        return segmentCount;
    }

    @Override
    public @Nullable PooledPacket next() {
        return next;
    }

    @Override
    public int headroom() {
        return dataOffset;
    }

    @Override
    public int tailroom() {
        return bufferBytes - dataOffset - dataLength;
    }

    @Override
    @SuppressWarnings("restricted")
    public MemorySegment data() {
        return MemorySegment.ofAddress(dataAddress()).reinterpret(dataLength);
    }

    private long at(int offset, int bytes) {
        Objects.checkFromIndexSize(offset, bytes, dataLength);
        return bufferAddress + dataOffset + offset;
    }

    @Override
    public byte getByte(int offset) {
        return (byte) HostWindow.getByte(at(offset, 1));
    }

    @Override
    public int getUnsignedShort(int offset) {
        return Short.toUnsignedInt(Short.reverseBytes((short) HostWindow.getShort(at(offset, 2))));
    }

    @Override
    public int getInt(int offset) {
        return Integer.reverseBytes(HostWindow.getInt(at(offset, 4)));
    }

    @Override
    public long getLong(int offset) {
        return Long.reverseBytes(HostWindow.getLong(at(offset, 8)));
    }

    @Override
    public void setByte(int offset, byte value) {
        HostWindow.setByte(at(offset, 1), value);
    }

    @Override
    public void setShort(int offset, int value) {
        HostWindow.setShort(at(offset, 2), Short.reverseBytes((short) value));
    }

    @Override
    public void setInt(int offset, int value) {
        HostWindow.setInt(at(offset, 4), Integer.reverseBytes(value));
    }

    @Override
    public void setLong(int offset, long value) {
        HostWindow.setLong(at(offset, 8), Long.reverseBytes(value));
    }

    @Override
    public void getBytes(int offset, byte[] target, int targetOffset, int length) {
        HostWindow.copy(at(offset, length), target, targetOffset, length);
    }

    @Override
    public void setBytes(int offset, byte[] source, int sourceOffset, int length) {
        HostWindow.copy(source, sourceOffset, at(offset, length), length);
    }

    @Override
    public void copyTo(int offset, byte[] target, int targetOffset, int length) {
        Objects.checkFromIndexSize(offset, length, packetLength);
        int skip = offset;
        int done = 0;
        for (PooledPacket segment = this; segment != null && done < length; segment = segment.next) {
            int take = Math.min(segment.dataLength - skip, length - done);
            if (take > 0) {
                segment.getBytes(skip, target, targetOffset + done, take);
                done += take;
            }
            skip = Math.max(0, skip - segment.dataLength);
        }
    }

    private PooledPacket last() {
        PooledPacket segment = this;
        while (segment.next != null) {
            segment = segment.next;
        }
        return segment;
    }

    @Override
    public void append(int length) {
        PooledPacket tail = last();
        if (length < 0 || length > tail.tailroom()) {
            throw new IndexOutOfBoundsException("append " + length + " bytes: tailroom is " + tail.tailroom());
        }
        tail.dataLength += length;
        packetLength += length;
    }

    @Override
    public void prepend(int length) {
        if (length < 0 || length > dataOffset) {
            throw new IndexOutOfBoundsException("prepend " + length + " bytes: headroom is " + dataOffset);
        }
        dataOffset -= length;
        dataLength += length;
        packetLength += length;
    }

    @Override
    public void adjust(int length) {
        if (length < 0 || length > dataLength) {
            throw new IndexOutOfBoundsException("adjust by " + length + " bytes: the segment has " + dataLength);
        }
        dataOffset += length;
        dataLength -= length;
        packetLength -= length;
    }

    @Override
    public void trim(int length) {
        PooledPacket tail = last();
        if (length < 0 || length > tail.dataLength) {
            throw new IndexOutOfBoundsException("trim " + length + " bytes: the last segment has " + tail.dataLength);
        }
        tail.dataLength -= length;
        packetLength -= length;
    }

    @Override
    public void chain(Packet tail) {
        PooledPacket added = (PooledPacket) tail;
        if (added == this) {
            throw new IllegalArgumentException("a packet cannot be chained to itself");
        }
        long bytes = (long) packetLength + added.packetLength;
        int segments = segmentCount + added.segmentCount;
        if (segments > MAX_SEGMENTS || bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("chain of " + segments + " segments and " + bytes + " bytes: too long");
        }
        last().next = added;
        setTotals((int) bytes, segments);
    }

    @Override
    public long olFlags() {
        return olFlags;
    }

    @Override
    public void setOlFlags(long flags) {
        olFlags = flags & ~PacketFlags.EXTERNAL | olFlags & PacketFlags.EXTERNAL;
    }

    @Override
    public int l2Length() {
        return (int) offloadLengths & 0xFFFF;
    }

    @Override
    public int l3Length() {
        return (int) (offloadLengths >>> 16) & 0xFFFF;
    }

    @Override
    public int l4Length() {
        return (int) (offloadLengths >>> 32) & 0xFFFF;
    }

    @Override
    public void setHeaderLengths(int l2, int l3, int l4) {
        if (((l2 | l3 | l4) & ~0xFFFF) != 0) {
            throw new IllegalArgumentException("header lengths " + l2 + ", " + l3 + ", " + l4 + ": must be 0 to 65535");
        }
        offloadLengths = offloadLengths & 0xFFFFL << 48 | l2 | (long) l3 << 16 | (long) l4 << 32;
    }

    @Override
    public int tsoSegmentSize() {
        return (int) (offloadLengths >>> 48);
    }

    @Override
    public void setTsoSegmentSize(int size) {
        if ((size & ~0xFFFF) != 0) {
            throw new IllegalArgumentException("segment size " + size + ": must be 0 to 65535");
        }
        offloadLengths = offloadLengths & ~(0xFFFFL << 48) | (long) size << 48;
    }

    @Override
    public long userData() {
        return userData;
    }

    @Override
    public void setUserData(long value) {
        userData = value;
    }

    @Override
    public void attachExternal(MemorySegment buffer, Runnable release) {
        if (!buffer.isNative() || buffer.isReadOnly() || buffer.byteSize() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(buffer + ": must be writable native memory of at most 2^31-1 bytes");
        }
        if (dataLength != 0 || externalRelease != null) {
            throw new IllegalArgumentException("the segment holds data or an external buffer already");
        }
        attachExternal(buffer.address(), (int) buffer.byteSize(), release);
    }

    /** As the public form, for memory that the caller knows to be good. */
    public void attachExternal(long address, int bytes, Runnable release) {
        bufferAddress = address;
        bufferBytes = bytes;
        dataOffset = 0;
        externalRelease = release;
        olFlags |= PacketFlags.EXTERNAL;
    }

    @Override
    public int refCount() {
        return (int) REFERENCES.getAcquire(this);
    }

    @Override
    public void retain() {
        for (PooledPacket segment = this; segment != null; segment = segment.next) {
            if (segment.refCount() <= 0) {
                throw new IllegalStateException("retain a packet that was freed");
            }
            REFERENCES.getAndAdd(segment, 1);
        }
    }

    @Override
    public void free() {
        PooledPacket segment = this;
        while (segment != null) {
            PooledPacket following = segment.next;
            if (segment.dropReference()) {
                segment.pool.put(segment);
            }
            segment = following;
        }
    }

    /** Gives up one reference; true if it was the last, and then the segment is the caller's to put into the pool. */
    boolean dropReference() {
        int before = (int) REFERENCES.getAcquire(this);
        if (before == 1) {
            references = 0;
        } else {
            before = before > 0 ? (int) REFERENCES.getAndAdd(this, -1) : 0;
            if (before <= 0) {
                throw new IllegalStateException("packet freed twice");
            }
            if (before > 1) {
                return false;
            }
        }
        if (externalRelease != null) {
            detachExternal(externalRelease);
        }
        return true;
    }

    private void detachExternal(Runnable release) {
        externalRelease = null;
        useOwnBuffer();
        release.run();
    }

    @Override
    public PacketPool pool() {
        return pool;
    }

    BufferPool owner() {
        return pool;
    }

    @Override
    public String toString() {
        return "packet of " + packetLength + " bytes in " + segmentCount + " segments, " + refCount() + " references";
    }
}
