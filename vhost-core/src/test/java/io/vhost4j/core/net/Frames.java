// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import java.nio.ByteBuffer;

/** Frames for offload tests, and an Internet checksum that shares nothing with the one under test. */
final class Frames {
    static final int TCP = 6;
    static final int UDP = 17;
    static final int SCTP = 132;

    /** A frame and where its parts are. */
    record Frame(byte[] bytes, int l2, int l3, int l4, int protocol, boolean ipv6) {
        int l4Start() {
            return l2 + l3;
        }

        int checksumOffset() {
            return protocol == TCP ? 16 : protocol == UDP ? 6 : 8;
        }

        int checksumAt() {
            return l4Start() + checksumOffset();
        }
    }

    private Frames() {}

    /**
     * A frame with a partial checksum, the sum of the pseudo header.
     *
     * @param tags VLAN tags, 0 to 2
     * @param extensions IPv6 extension headers of 8 bytes
     */
    static Frame frame(int tags, boolean ipv6, int extensions, int protocol, int payload, int seed) {
        byte[] bytes = NetRig.frame(2000 + payload, seed);
        ByteBuffer out = ByteBuffer.wrap(bytes);
        out.position(12);
        for (int i = tags; i > 0; i--) {
            out.putShort((short) (i == 2 ? 0x88A8 : 0x8100)).putShort((short) (100 + i));
        }
        out.putShort((short) (ipv6 ? 0x86DD : 0x0800));
        int l2 = out.position();
        int l4 = protocol == TCP ? 32 : protocol == UDP ? 8 : 12;
        if (ipv6) {
            out.putInt(0x60000000).putShort((short) (extensions * 8 + l4 + payload));
            int[] kinds = {0, 60, 43};
            out.put((byte) (extensions > 0 ? kinds[0] : protocol)).put((byte) 64);
            out.position(l2 + 40);
            for (int i = 0; i < extensions; i++) {
                out.put((byte) (i + 1 < extensions ? kinds[i + 1] : protocol)).put((byte) 0);
                out.putShort((short) 0).putInt(0);
            }
        } else {
            out.putShort((short) 0x4500).putShort((short) (20 + l4 + payload)).putInt(0x00010000);
            out.put((byte) 64).put((byte) protocol).putShort((short) 0);
            out.position(l2 + 20);
        }
        int l3 = out.position() - l2;
        if (protocol == TCP) {
            bytes[l2 + l3 + 12] = (byte) (l4 / 4 << 4);
        }
        byte[] cut = java.util.Arrays.copyOf(bytes, l2 + l3 + l4 + payload);
        Frame frame = new Frame(cut, l2, l3, l4, protocol, ipv6);
        if (protocol != SCTP) {
            setChecksum(cut, frame.checksumAt(), pseudoHeaderSum(frame));
        }
        return frame;
    }

    /** RFC 793, RFC 8200 §8.1: addresses, protocol, length of the rest. */
    private static int pseudoHeaderSum(Frame frame) {
        byte[] b = frame.bytes();
        int addresses = frame.ipv6() ? frame.l2() + 8 : frame.l2() + 12;
        int sum = sum(b, addresses, frame.ipv6() ? 32 : 8);
        return fold(sum + frame.protocol() + (b.length - frame.l4Start()));
    }

    static void setChecksum(byte[] bytes, int at, int value) {
        bytes[at] = (byte) (value >> 8);
        bytes[at + 1] = (byte) value;
    }

    static int fold(int sum) {
        int folded = sum;
        while (folded > 0xFFFF) {
            folded = (folded >> 16) + (folded & 0xFFFF);
        }
        return folded;
    }

    static int sum(byte[] bytes, int from, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            int value = bytes[from + i] & 0xFF;
            sum = fold(sum + (i % 2 == 0 ? value << 8 : value));
        }
        return sum;
    }

    /** Whether a receiver would take the layer 4 checksum of {@code bytes}, a finished copy of {@code frame}. */
    static boolean isRight(Frame frame, byte[] bytes) {
        int length = bytes.length - frame.l4Start();
        return fold(pseudoHeaderSum(frame) + sum(bytes, frame.l4Start(), length)) == 0xFFFF;
    }

    /** A virtio-net header of 12 bytes. */
    static byte[] header(int flags, int gso, int hdrLen, int gsoSize, int start, int offset) {
        return ByteBuffer.allocate(12)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .put((byte) flags)
                .put((byte) gso)
                .putShort((short) hdrLen)
                .putShort((short) gsoSize)
                .putShort((short) start)
                .putShort((short) offset)
                .array();
    }
}
