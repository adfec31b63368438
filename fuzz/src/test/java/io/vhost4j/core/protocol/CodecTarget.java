// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.fuzz.Bounds;
import io.vhost4j.fuzz.Input;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Bytes and descriptors, in pieces, through a socket into the reader and the decoder. */
public final class CodecTarget {
    private static final int MAX_PIECE = 4200;

    private CodecTarget() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        Input in = new Input(bytes);
        try (Bounds bounds = new Bounds();
                Arena arena = Arena.ofConfined();
                OwnedFd file = MemFd.create("fuzz", 1);
                EventFd event = EventFd.create();
                UnixSocket.Pair pair = UnixSocket.pair();
                MessageReader reader = new MessageReader(pair.second())) {
            MemorySegment piece = arena.allocate(MAX_PIECE, 8);
            boolean open = true;
            while (in.more() && open) {
                int count = fill(in, piece);
                int[] fds = new int[fdCount(in)];
                for (int i = 0; i < fds.length; i++) {
                    fds[i] = (i & 1) == 0 ? file.fd() : event.fd();
                }
                pair.first().send(piece, 0, count, fds);
                open = receive(in, reader);
                bounds.checkTime();
            }
            pair.first().shutdown(UnixSocket.SHUT_WR);
            if (open) {
                receive(in, reader);
            }
        }
    }

    private static int fdCount(Input in) {
        return switch (in.below(8)) {
            case 0 -> 1;
            case 1 -> in.below(9);
            case 2 -> in.below(FdBag.MAX_FDS + 1);
            default -> 0;
        };
    }

    /** A whole message with a header that fits, or any bytes. */
    private static int fill(Input in, MemorySegment piece) {
        int kind = in.below(4);
        if (kind == 0) {
            int count = 1 + in.u8();
            MemorySegment.copy(in.take(count), 0, piece, ValueLayout.JAVA_BYTE, 0, count);
            return count;
        }
        int size = (int) in.pick(0, 8, 40, 8 + 32, 16, 20, 24, 12, 8 + 32 * in.below(10), in.u16() % 4100);
        piece.set(ValueLayout.JAVA_INT, 0, kind == 1 ? in.u32() : in.below(48));
        piece.set(ValueLayout.JAVA_INT, 4, kind == 2 ? in.u8() : 1 | in.u8() & 8);
        piece.set(ValueLayout.JAVA_INT, 8, size);
        int given = Math.min(size, 512);
        MemorySegment.copy(in.take(given), 0, piece, ValueLayout.JAVA_BYTE, 12, given);
        return 12 + size;
    }

    /** False when the stream has ended. */
    private static boolean receive(Input in, MessageReader reader) {
        try {
            while (true) {
                switch (reader.read()) {
                    case PARTIAL -> {
                        return true;
                    }
                    case END -> {
                        return false;
                    }
                    case COMPLETE -> handle(in, reader);
                }
            }
        } catch (ProtocolException e) {
            Bounds.check(e.getMessage() != null && e.getMessage().length() > 10, "an error without a message");
            return false;
        }
    }

    private static void handle(Input in, MessageReader reader) {
        try {
            FrontendRequest request = (in.u8() & 7) == 7 ? RequestDecoder.memoryAck(reader) : null;
            if (request == null) {
                request = RequestDecoder.decode(reader);
            }
            Bounds.check(request.toString().length() > 3, "a request without a name");
            if (reader.fdCount() > 0 && in.flag()) {
                reader.fd(0).adopt().close();
            }
        } finally {
            reader.next();
        }
    }
}
