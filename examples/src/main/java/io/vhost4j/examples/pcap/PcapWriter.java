// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pcap;

import io.vhost4j.examples.cli.CommandFailure;
import io.vhost4j.examples.cli.Failures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a capture file (pcapng, times in nanoseconds, one interface per socket) on a thread of its own. Threads that move packets hand
 * them over through a {@link PcapTap} each; what the writer cannot keep up with is dropped and counted.
 */
public final class PcapWriter implements AutoCloseable {
    private static final int CHUNKS = 16;

    private final Path file;
    private final FileChannel channel;
    private final BlockingQueue<PcapChunk> empty = new ArrayBlockingQueue<>(CHUNKS);
    private final BlockingQueue<PcapChunk> full = new ArrayBlockingQueue<>(CHUNKS + 1);
    private final PcapChunk end = new PcapChunk(0);
    private final List<PcapTap> taps = new ArrayList<>();
    private final Thread thread = new Thread(this::writeAll, "vhost4j-pcap");
    private final Consumer<String> onFailure;

    private PcapWriter(Path file, FileChannel channel, Consumer<String> onFailure) {
        this.file = file;
        this.channel = channel;
        this.onFailure = onFailure;
        for (int i = 0; i < CHUNKS; i++) {
            empty.add(new PcapChunk(PcapChunk.BYTES));
        }
        thread.setDaemon(true);
    }

    /**
     * Makes the file, or empties it, and starts the writer.
     *
     * @param interfaces names, as Wireshark shows them
     * @param onFailure told once, on the writer's thread, if writing fails later
     * @throws CommandFailure if the file cannot be written
     */
    public static PcapWriter open(Path file, List<String> interfaces, Consumer<String> onFailure) {
        @Nullable FileChannel channel = null;
        try {
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
            PcapWriter writer = new PcapWriter(file, channel, onFailure);
            writer.write(PcapFormat.header(interfaces));
            writer.thread.start();
            return writer;
        } catch (IOException e) {
            CommandFailure failure = new CommandFailure(
                    "--pcap " + file + ": cannot be written (" + Failures.oneLine(e)
                            + "); name a file in a folder of yours",
                    e);
            closeAfter(failure, channel);
            throw failure;
        }
    }

    private static void closeAfter(CommandFailure failure, @Nullable FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
        }
    }

    /** A new way in, for one thread. */
    public PcapTap tap() {
        PcapTap tap = new PcapTap(this);
        synchronized (taps) {
            taps.add(tap);
        }
        return tap;
    }

    /** Packets that are not in the file because the writer fell behind or failed. */
    public long dropped() {
        synchronized (taps) {
            return taps.stream().mapToLong(PcapTap::dropped).sum();
        }
    }

    /** Writes what was handed over and closes the file. The taps must not be used any more. */
    @Override
    public void close() {
        try {
            full.put(end);
            thread.join();
            channel.close();
        } catch (IOException e) {
            onFailure.accept("--pcap " + file + ": " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** An empty chunk, or null if the writer is behind; does not wait. */
    @Nullable
    PcapChunk takeEmpty() {
        return empty.poll();
    }

    /** Hands over a chunk; does not wait, as there is room for all chunks. */
    void giveFull(PcapChunk chunk) {
        full.add(chunk);
    }

    private void writeAll() {
        boolean works = true;
        try {
            PcapChunk chunk = full.take();
            while (chunk != end) {
                works = works && writeChunk(chunk);
                chunk.clear();
                if (works) {
                    empty.put(chunk); // a writer that failed keeps the chunks: from then on all is counted as dropped
                }
                chunk = full.take();
            }
        } catch (InterruptedException e) {
            onFailure.accept("--pcap " + file + ": the writer was interrupted; the capture is not complete");
        }
    }

    private boolean writeChunk(PcapChunk chunk) {
        try {
            write(chunk.contents());
            return true;
        } catch (IOException e) {
            onFailure.accept("--pcap " + file + ": " + e.getMessage() + "; the capture ends here");
            return false;
        }
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
