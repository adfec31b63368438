// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.memory.HostWindow;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The device's side of one ring, written after the specification's text alone: slow, and strict about what the driver must do. */
abstract class ReferenceDevice {
    /** A part of a chain. */
    record Buffer(long address, int length, boolean writable) {
        byte[] read() {
            byte[] bytes = new byte[length];
            HostWindow.copy(address, bytes, 0, length);
            return bytes;
        }
    }

    /** What the driver made available under one id. */
    record Chain(int id, int descriptors, List<Buffer> buffers) {
        /** The bytes of a chain that the device reads. */
        byte[] read() {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (Buffer buffer : buffers) {
                check(!buffer.writable(), "a writable buffer in a transmit ring");
                out.writeBytes(buffer.read());
            }
            return out.toByteArray();
        }

        int capacity() {
            return buffers.stream().mapToInt(Buffer::length).sum();
        }

        /** Writes as much as fits; returns how much that was. */
        int write(byte[] bytes, int from) {
            int done = 0;
            for (Buffer buffer : buffers) {
                check(buffer.writable(), "a read-only buffer in a receive ring");
                int part = Math.min(buffer.length(), bytes.length - from - done);
                HostWindow.copy(bytes, from + done, buffer.address(), part);
                done += part;
            }
            return done;
        }
    }

    /** Makes the device that fits the ring. */
    static ReferenceDevice of(RingArea area, RingOptions options, int base) {
        return options.packed()
                ? new PackedReferenceDevice(area, options, base)
                : new SplitReferenceDevice(area, options, base);
    }

    /** The next available chain, or null. */
    abstract @Nullable Chain next();

    /** Writes a used element for each chain, all visible at once. */
    abstract void use(List<Chain> chains, int[] written);

    /** In-order rings: writes one used element, that of the last chain, for all. */
    abstract void useBatch(List<Chain> chains, int writtenToLast);

    /** Asks for notifications or none; by event index or by flags, as negotiated. */
    abstract void wantKicks(boolean wanted);

    /** Whether the driver wants to hear of the elements used since this was asked last. */
    abstract boolean mustCall();

    /** All available chains, up to a limit. */
    List<Chain> take(int limit) {
        List<Chain> chains = new ArrayList<>();
        while (chains.size() < limit) {
            Chain chain = next();
            if (chain == null) {
                break;
            }
            chains.add(chain);
        }
        return chains;
    }

    void use(Chain chain, int written) {
        use(List.of(chain), new int[] {written});
    }

    static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("the driver breaks the specification: " + what);
        }
    }
}
