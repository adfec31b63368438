// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import io.vhost4j.virtiouser.VirtioUser;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Ethernet frames that carry a number and a checksum, of lengths that depend on the number: mostly of one buffer, some of up to three.
 * For one thread.
 */
final class NumberedFrames {
    /** The shortest frame, which all have if asked for. */
    static final int SHORTEST = 64;

    private static final int LONGEST = 5000;
    private static final int USUAL = 1500;
    /** Every so many frames one may be longer than a buffer. */
    private static final int LONG_EVERY = 8;

    /** A type for experiments, IEEE 802. */
    private static final short TYPE = (short) 0x88B5;

    private static final int TYPE_AT = 12;
    private static final int NUMBER_AT = 14;
    private static final int LENGTH_AT = 22;
    private static final int CHECKSUM_AT = 26;
    private static final int FILLING_AT = 30;

    private final byte[] bytes = new byte[LONGEST];
    private final ByteBuffer frame = ByteBuffer.wrap(bytes);
    private final CRC32C crc = new CRC32C();

    NumberedFrames() {
        frame.putLong(0, 0x0200_0000_0001_0200L).putInt(8, 2).putShort(TYPE_AT, TYPE);
        for (int i = FILLING_AT; i < LONGEST; i++) {
            bytes[i] = (byte) (i * 31);
        }
    }

    /** Length in bytes of the frame with this number. */
    static int length(long number) {
        long mixed = number * 0x9E37_79B9_7F4A_7C15L >>> 33;
        return SHORTEST + (int) (mixed % ((number % LONG_EVERY == 0 ? LONGEST : USUAL) - SHORTEST));
    }

    /** The frame with this number, as a packet with as many buffers as it needs; null if the pool has none. */
    @Nullable
    Packet make(PacketPool pool, long number, int length) {
        frame.putLong(NUMBER_AT, number).putInt(LENGTH_AT, length).putInt(CHECKSUM_AT, 0);
        frame.putLong(FILLING_AT, number * 0x5851_F42D_4C95_7F2DL);
        frame.putInt(CHECKSUM_AT, checksum(length));
        Packet head = pool.allocate();
        if (head == null) {
            return null;
        }
        int done = Math.min(length, pool.dataRoom());
        head.append(done);
        head.setBytes(0, bytes, 0, done);
        while (done < length) {
            Packet more = pool.allocate();
            if (more == null) {
                head.free();
                return null;
            }
            int part = Math.min(length - done, pool.dataRoom());
            more.append(part);
            more.setBytes(0, bytes, done, part);
            head.chain(more);
            done += part;
        }
        return head;
    }

    /** The number of a received frame; fails if anything but the addresses is not as it was made. */
    long check(Packet packet) {
        int length = packet.packetLength();
        if (length < SHORTEST || length > LONGEST) {
            throw new AssertionError("a frame of " + length + " bytes: none was sent");
        }
        packet.copyTo(0, bytes, 0, length);
        int sent = frame.getInt(CHECKSUM_AT);
        frame.putInt(CHECKSUM_AT, 0);
        long number = frame.getLong(NUMBER_AT);
        int made = checksum(length);
        if (frame.getInt(LENGTH_AT) != length || frame.getShort(TYPE_AT) != TYPE || made != sent) {
            throw new AssertionError("frame of " + length + " bytes, number " + number + ": made with "
                    + frame.getInt(LENGTH_AT) + " bytes, checksum " + Integer.toHexString(sent) + ", is "
                    + Integer.toHexString(made));
        }
        return number;
    }

    private int checksum(int length) {
        crc.reset();
        crc.update(bytes, TYPE_AT, length - TYPE_AT);
        return (int) crc.getValue();
    }

    /** Sends one frame over the first queue pair, and waits until it is back as it was; returns how long it took. */
    Duration exchange(VirtioUser user, long number, Duration limit) {
        @Nullable Packet[] one = {Objects.requireNonNull(make(user.pool(), number, length(number)))};
        long start = System.nanoTime();
        assertEquals(1, user.transmit(0, one, 0, 1));
        while (user.receive(0, one, 0, 1) == 0) {
            assertTrue(System.nanoTime() - start < limit.toNanos(), "frame " + number + " is not back");
            Thread.onSpinWait();
        }
        Duration time = Duration.ofNanos(System.nanoTime() - start);
        Packet back = Objects.requireNonNull(one[0]);
        assertEquals(number, check(back));
        back.free();
        user.reclaim(0);
        return time;
    }
}
