// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** A connection to QEMU's monitor in its machine protocol. One thread. */
final class Qmp implements AutoCloseable {
    private final SocketChannel channel;
    private final BufferedReader reader;

    private Qmp(SocketChannel channel) {
        this.channel = channel;
        this.reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
    }

    static Qmp connect(Path socket) {
        try {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            channel.connect(UnixDomainSocketAddress.of(socket));
            Qmp qmp = new Qmp(channel);
            qmp.reader.readLine(); // the greeting
            qmp.execute("qmp_capabilities");
            return qmp;
        } catch (IOException e) {
            throw new UncheckedIOException("no monitor at " + socket, e);
        }
    }

    /** Executes a command without arguments, and fails unless QEMU accepts it. */
    Object execute(String command) {
        return execute(command, "{}");
    }

    /**
     * Executes a command, and fails unless QEMU accepts it.
     *
     * @param arguments a JSON object
     * @return what QEMU returned, as {@link Json} reads it
     */
    Object execute(String command, String arguments) {
        try {
            String text = "{\"execute\":\"" + command + "\",\"arguments\":" + arguments + "}\n";
            ByteBuffer request = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (request.hasRemaining()) {
                channel.write(request);
            }
            Map<String, Object> answer;
            do { // events come in between
                String line = reader.readLine();
                if (line == null) {
                    throw new AssertionError("QEMU closed its monitor before it answered " + command);
                }
                answer = Json.object(line);
            } while (!answer.containsKey("return") && !answer.containsKey("error"));
            if (answer.containsKey("error")) {
                throw new AssertionError("QEMU refuses " + command + ": " + answer.get("error"));
            }
            return answer.get("return");
        } catch (IOException e) {
            throw new UncheckedIOException("QEMU's monitor, at " + command, e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
