// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import io.vhost4j.ConfigurationException;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.UnixSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file of a listening socket: made, replaced if stale, and removed if still the same. */
final class SocketFile {
    private static final Logger LOG = LoggerFactory.getLogger(SocketFile.class);
    private static final int BACKLOG = 128;
    private static final int TYPE_MASK = 0xf000;
    private static final int TYPE_SOCKET = 0xc000;

    private final String path;
    private final @Nullable FileId id;

    private record FileId(long device, long inode, boolean socket) {}

    /**
     * Permissions and owner of the file.
     *
     * @param mode permission bits, -1 to leave it to the umask
     * @param uid owner, -1 to leave it
     * @param gid group, -1 to leave it
     */
    record Access(int mode, int uid, int gid) {}

    private SocketFile(String path, @Nullable FileId id) {
        this.path = path;
        this.id = id;
    }

    /** Whether the path is a name in the abstract namespace, which has no file. */
    static boolean isAbstract(String path) {
        return path.startsWith("@");
    }

    /**
     * Binds {@code socket} to {@code path} and listens. Nobody can connect before the file has its owner and permissions.
     *
     * @throws ConfigurationException says why not
     */
    static SocketFile listen(UnixSocket socket, String path, Access access) {
        if (!isAbstract(path)) {
            removeStale(path);
        }
        bind(socket, path);
        SocketFile file = new SocketFile(path, isAbstract(path) ? null : identify(path));
        try {
            if (!isAbstract(path)) {
                apply(path, access);
            }
            socket.listen(BACKLOG);
            return file;
        } catch (RuntimeException e) {
            file.remove();
            throw e;
        }
    }

    /** Removes the file, unless somebody has replaced it. */
    void remove() {
        if (id == null) {
            return;
        }
        try {
            if (id.equals(identify(path))) {
                FileCalls.unlink(path);
            } else {
                LOG.info("{}: not removed, it is not the socket made here", path);
            }
        } catch (ConfigurationException | NativeException e) {
            LOG.warn("{}: not removed: {}", path, e.getMessage());
        }
    }

    private static void removeStale(String path) {
        FileId found = identify(path);
        if (found == null) {
            return;
        }
        if (!found.socket()) {
            throw new ConfigurationException(path + " exists and is not a socket: choose another path");
        }
        try (UnixSocket probe = UnixSocket.open()) {
            int result = probe.tryConnect(path);
            if (result == 0 || result == -Errno.EAGAIN) {
                throw new ConfigurationException(
                        path + " is in use by another process: stop it, or choose another path");
            }
            if (result == -Errno.ECONNREFUSED) {
                LOG.info("{}: replacing the socket of a process that is gone", path);
                FileCalls.unlink(path);
            } else if (result != -Errno.ENOENT) {
                throw new ConfigurationException(path + " exists and cannot be tried: " + Errno.name(-result) + " ("
                        + Errno.text(-result) + "); choose another path");
            }
        } catch (NativeException e) {
            throw new ConfigurationException(path + ": the stale socket cannot be replaced: " + e.getMessage(), e);
        }
    }

    private static void bind(UnixSocket socket, String path) {
        try {
            socket.bind(path);
        } catch (NativeException e) {
            String reason = switch (e.errno()) {
                case Errno.ENOENT -> "its folder does not exist: make it first";
                case Errno.EACCES, Errno.EPERM -> "no permission to make a file in its folder";
                case Errno.EADDRINUSE -> "it is in use by another process";
                default -> e.getMessage();
            };
            throw new ConfigurationException("cannot listen on " + path + ": " + reason, e);
        }
    }

    private static void apply(String path, Access access) {
        try {
            if (access.uid() != -1 || access.gid() != -1) {
                FileCalls.chown(path, access.uid(), access.gid());
            }
            if (access.mode() != -1) {
                FileCalls.chmod(path, access.mode());
            }
        } catch (NativeException e) {
            throw new ConfigurationException("cannot set owner or permissions of the socket: " + e.getMessage(), e);
        }
    }

    private static @Nullable FileId identify(String path) {
        try {
            Map<String, Object> attributes =
                    Files.readAttributes(Path.of(path), "unix:dev,ino,mode", LinkOption.NOFOLLOW_LINKS);
            int mode = ((Number) attributes.get("mode")).intValue();
            return new FileId(
                    ((Number) attributes.get("dev")).longValue(),
                    ((Number) attributes.get("ino")).longValue(),
                    (mode & TYPE_MASK) == TYPE_SOCKET);
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw new ConfigurationException(path + " cannot be looked at: " + e.getMessage(), e);
        }
    }
}
