// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Receives the descriptors that come with messages, and owns each from the moment the kernel has delivered it until it
 * is taken. Storing one cannot fail: the room is reserved when the bag is made. What comes beyond the bag's capacity is
 * closed at once and reported by {@link #truncated()}. For one thread.
 */
public final class FdBag implements AutoCloseable {
    /** The most descriptors that one message can carry: {@code SCM_MAX_FD} of {@code net/scm.h}. */
    public static final int MAX_FDS = 253;

    private static final int TAKEN = -1;

    private final int[] fds;
    private int size;
    private boolean truncated;
    private @Nullable RuntimeException closeFailure;

    /** Makes a bag for {@link #MAX_FDS} descriptors. */
    public FdBag() {
        this(MAX_FDS);
    }

    /**
     * Makes a bag.
     *
     * @param capacity the most descriptors it holds, 0 to {@link #MAX_FDS}
     */
    public FdBag(int capacity) {
        if (capacity < 0 || capacity > MAX_FDS) {
            throw new IllegalArgumentException("capacity=" + capacity + ": must be 0 to " + MAX_FDS);
        }
        fds = new int[capacity];
        Arrays.fill(fds, TAKEN);
    }

    /**
     * Takes ownership of a descriptor that the kernel has just delivered. Never throws, so that the rest of a message is
     * taken too; an error of closing what has no room is reported by {@link #clear()}.
     */
    void put(int fd) {
        if (size < fds.length) {
            fds[size++] = fd;
        } else {
            truncated = true;
            closeFailure = closeOne(fd, closeFailure);
        }
    }

    void markTruncated() {
        truncated = true;
    }

    /**
     * How many descriptors were received since the bag was made or cleared, taken ones included.
     *
     * @return 0 to the capacity
     */
    public int size() {
        return size;
    }

    /**
     * Whether descriptors were lost: the kernel could not deliver all (for example because this process has too many
     * open files), or the bag was full. Those in the bag are good.
     *
     * @return true if the message that they belong to cannot be trusted
     */
    public boolean truncated() {
        return truncated;
    }

    /**
     * Hands one descriptor to the caller.
     *
     * @param index 0 to {@code size() - 1}, in the order of the message
     * @return owned by the caller
     * @throws IllegalStateException if it was taken before
     */
    public OwnedFd take(int index) {
        Objects.checkIndex(index, size);
        int fd = fds[index];
        if (fd == TAKEN) {
            throw new IllegalStateException("descriptor " + index + " was taken already");
        }
        OwnedFd owned = OwnedFd.of(fd);
        fds[index] = TAKEN;
        return owned;
    }

    /**
     * Closes what was not taken and makes the bag empty, ready for the next message. All are closed even if one fails.
     *
     * @throws NativeException if one was closed by somebody else: the first error, with later ones suppressed
     */
    public void clear() {
        @Nullable RuntimeException first = closeFailure;
        closeFailure = null;
        int count = size;
        size = 0;
        truncated = false;
        for (int i = 0; i < count; i++) {
            int fd = fds[i];
            fds[i] = TAKEN;
            if (fd != TAKEN) {
                first = closeOne(fd, first);
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private static @Nullable RuntimeException closeOne(int fd, @Nullable RuntimeException first) {
        try {
            Kernel.close(fd);
            return first;
        } catch (NativeException e) {
            if (first == null) {
                return e;
            }
            first.addSuppressed(e);
            return first;
        }
    }

    /** As {@link #clear()}. */
    @Override
    public void close() {
        clear();
    }
}
