// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Keeps other comparisons on this machine waiting. */
final class OneAtATime implements AutoCloseable {
    private final FileChannel file;

    private OneAtATime(FileChannel file) {
        this.file = file;
    }

    /** Waits for its turn. */
    static OneAtATime await(PrintStream progress) {
        Path path = Path.of(System.getProperty("java.io.tmpdir"), LabMemory.PREFIX + "lock");
        try {
            FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            @Nullable FileLock lock = file.tryLock();
            if (lock == null) {
                progress.println("waiting for another comparison, which holds " + path);
                lock = file.lock();
            }
            return new OneAtATime(file);
        } catch (IOException e) {
            throw new BenchFailure(path + " cannot be locked: " + e.getMessage(), e);
        }
    }

    /** Ends the turn; closing the file gives the lock back. */
    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new BenchFailure("the lock cannot be given back: " + e.getMessage(), e);
        }
    }
}
