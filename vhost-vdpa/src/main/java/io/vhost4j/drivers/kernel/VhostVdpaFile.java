// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.kernel;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** One open {@code /dev/vhost-vdpa-N}, call by call. One thread at a time. */
final class VhostVdpaFile implements AutoCloseable {
    private static final int PAGE = 4096;
    private static final MemorySegment NOTHING = Arena.global().allocate(0);

    private final VhostVdpaCalls calls;
    private final String path;
    private final OwnedFd fd;
    private final long backendFeatures;

    private VhostVdpaFile(VhostVdpaCalls calls, String path, OwnedFd fd) {
        this.calls = calls;
        this.path = path;
        this.fd = fd;
        call("take the device", VhostVdpaLayout.SET_OWNER, NOTHING);
        long offered = tryU64(VhostVdpaLayout.GET_BACKEND_FEATURES);
        backendFeatures = offered
                & (VhostVdpaLayout.BACKEND_MSG_V2 | VhostVdpaLayout.BACKEND_BATCH | VhostVdpaLayout.BACKEND_SUSPEND);
        if ((backendFeatures & VhostVdpaLayout.BACKEND_MSG_V2) == 0) {
            throw failure("takes no mappings by messages of version 2", 0);
        }
        putU64("choose what the kernel does", VhostVdpaLayout.SET_BACKEND_FEATURES, backendFeatures);
    }

    static VhostVdpaFile open(VhostVdpaCalls calls, String path) {
        OwnedFd fd;
        try {
            fd = calls.open(path);
        } catch (NativeException e) {
            String advice = switch (e.errno()) {
                case Errno.ENOENT ->
                    "there is no such device: make one (vdpa dev add name vdpa0 mgmtdev ...) and load vhost_vdpa";
                case Errno.EACCES, Errno.EPERM -> "no permission: run as root, or give it to this user (chown)";
                case Errno.EBUSY -> "another process has it: end that first";
                default -> e.getMessage();
            };
            throw new VhostException(path + ": " + advice, e);
        }
        try {
            return new VhostVdpaFile(calls, path, fd);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    int fd() {
        return fd.fd();
    }

    int deviceId() {
        return getU32("tell what it is", VhostVdpaLayout.GET_DEVICE_ID);
    }

    long features() {
        return getU64("tell its features", VhostVdpaLayout.GET_FEATURES);
    }

    void setFeatures(long features) {
        putU64("take the features 0x" + Long.toHexString(features), VhostVdpaLayout.SET_FEATURES, features);
    }

    /** Most descriptors of a ring. */
    int maxRingSize() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(Short.BYTES, Short.BYTES);
            call("tell its ring size", VhostVdpaLayout.GET_VRING_NUM, number);
            return Short.toUnsignedInt(number.get(ValueLayout.JAVA_SHORT, 0));
        }
    }

    /** Rings that it has; 0 where the kernel does not tell. */
    int rings() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
            int result = calls.ioctl(fd.fd(), VhostVdpaLayout.GET_VQS_COUNT, number);
            return result < 0 ? 0 : number.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /** Bytes of its configuration; 0 where the kernel does not tell. */
    int configBytes() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
            int result = calls.ioctl(fd.fd(), VhostVdpaLayout.GET_CONFIG_SIZE, number);
            return result < 0 ? 0 : number.get(ValueLayout.JAVA_INT, 0);
        }
    }

    int status() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(ValueLayout.JAVA_BYTE);
            call("tell its status", VhostVdpaLayout.GET_STATUS, status);
            return status.get(ValueLayout.JAVA_BYTE, 0) & 0xff;
        }
    }

    void setStatus(int status) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_BYTE);
            value.set(ValueLayout.JAVA_BYTE, 0, (byte) status);
            call("take the status 0x" + Integer.toHexString(status), VhostVdpaLayout.SET_STATUS, value);
        }
    }

    boolean readConfig(int offset, byte[] into) {
        return config(VhostVdpaLayout.GET_CONFIG, offset, into, false);
    }

    boolean writeConfig(int offset, byte[] bytes) {
        return config(VhostVdpaLayout.SET_CONFIG, offset, bytes, true);
    }

    private boolean config(long request, int offset, byte[] bytes, boolean write) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = arena.allocate(VhostVdpaLayout.CONFIG_HEADER + bytes.length, Integer.BYTES);
            config.set(ValueLayout.JAVA_INT, 0, offset);
            config.set(ValueLayout.JAVA_INT, Integer.BYTES, bytes.length);
            MemorySegment data = config.asSlice(VhostVdpaLayout.CONFIG_HEADER);
            for (int i = 0; write && i < bytes.length; i++) {
                data.set(ValueLayout.JAVA_BYTE, i, bytes[i]);
            }
            int result = calls.ioctl(fd.fd(), request, config);
            for (int i = 0; !write && i < bytes.length; i++) {
                bytes[i] = data.get(ValueLayout.JAVA_BYTE, i);
            }
            return result >= 0;
        }
    }

    /** One of the calls about a ring with one number. */
    void ring(long request, int index, int number) {
        try (Arena arena = Arena.ofConfined()) {
            call("do 0x" + Long.toHexString(request) + " with ring " + index, request, state(arena, index, number));
        }
    }

    int ringBase(int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena, index, 0);
            call("tell where ring " + index + " stands", VhostVdpaLayout.GET_VRING_BASE, state);
            return state.get(ValueLayout.JAVA_INT, Integer.BYTES);
        }
    }

    private static MemorySegment state(Arena arena, int index, int number) {
        MemorySegment state = arena.allocate(VhostVdpaLayout.STATE_BYTES, Integer.BYTES);
        state.set(ValueLayout.JAVA_INT, 0, index);
        state.set(ValueLayout.JAVA_INT, Integer.BYTES, number);
        return state;
    }

    void ringAddresses(int index, long desc, long driver, long device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment at = arena.allocate(VhostVdpaLayout.ADDR_BYTES, Long.BYTES);
            at.set(ValueLayout.JAVA_INT, 0, index);
            at.set(ValueLayout.JAVA_LONG, 8, desc);
            at.set(ValueLayout.JAVA_LONG, 16, device);
            at.set(ValueLayout.JAVA_LONG, 24, driver);
            call("take the addresses of ring " + index, VhostVdpaLayout.SET_VRING_ADDR, at);
        }
    }

    void setConfigCall(int eventFd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
            number.set(ValueLayout.JAVA_INT, 0, eventFd);
            call("tell of changes of its configuration", VhostVdpaLayout.SET_CONFIG_CALL, number);
        }
    }

    /** Stops the rings where they are, if the kernel can; then their positions do not change any more. */
    void suspend() {
        if ((backendFeatures & VhostVdpaLayout.BACKEND_SUSPEND) != 0) {
            call("suspend", VhostVdpaLayout.SUSPEND, NOTHING);
        }
    }

    /** Mappings follow that are to take effect together. */
    void beginMappings() {
        batch(VhostVdpaLayout.IOTLB_BATCH_BEGIN);
    }

    /** They were all. */
    void endMappings() {
        batch(VhostVdpaLayout.IOTLB_BATCH_END);
    }

    private void batch(int type) {
        if ((backendFeatures & VhostVdpaLayout.BACKEND_BATCH) != 0) {
            message(0, 0, 0, type);
        }
    }

    void map(long iova, long bytes, long hostAddress) {
        long lead = iova & (PAGE - 1);
        if ((hostAddress & (PAGE - 1)) != lead) {
            throw failure(
                    String.format("mapping iova=%#x: guest and host have it at different places of a page", iova), 0);
        }
        message(iova - lead, (lead + bytes + PAGE - 1) & -PAGE, hostAddress - lead, VhostVdpaLayout.IOTLB_UPDATE);
    }

    void unmap(long iova, long bytes) {
        long lead = iova & (PAGE - 1);
        message(iova - lead, (lead + bytes + PAGE - 1) & -PAGE, 0, VhostVdpaLayout.IOTLB_INVALIDATE);
    }

    private void message(long iova, long bytes, long hostAddress, int type) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(VhostVdpaLayout.MSG_BYTES, Long.BYTES);
            message.set(ValueLayout.JAVA_INT, 0, VhostVdpaLayout.MSG_TYPE_V2);
            message.set(ValueLayout.JAVA_LONG, VhostVdpaLayout.MSG_IOVA, iova);
            message.set(ValueLayout.JAVA_LONG, VhostVdpaLayout.MSG_SIZE, bytes);
            message.set(ValueLayout.JAVA_LONG, VhostVdpaLayout.MSG_UADDR, hostAddress);
            message.set(ValueLayout.JAVA_BYTE, VhostVdpaLayout.MSG_PERMISSION, (byte) VhostVdpaLayout.PERMISSION_RW);
            message.set(ValueLayout.JAVA_BYTE, VhostVdpaLayout.MSG_TYPE, (byte) type);
            if (calls.write(fd.fd(), message) != VhostVdpaLayout.MSG_BYTES) {
                throw failure(String.format("message %d about iova=%#x, size=%#x was not taken", type, iova, bytes), 0);
            }
        } catch (NativeException e) {
            String advice = e.errno() == Errno.ENOMEM
                    ? ": raise the limit of locked memory above the guest's memory (ulimit -l); it holds for root too"
                    : "";
            throw failure(
                    String.format("message %d about iova=%#x, size=%#x%s", type, iova, bytes, advice), -e.errno());
        }
    }

    private long tryU64(long request) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
            return calls.ioctl(fd.fd(), request, value) < 0 ? 0 : value.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    private long getU64(String what, long request) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
            call(what, request, value);
            return value.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    private int getU32(String what, long request) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
            call(what, request, value);
            return value.get(ValueLayout.JAVA_INT, 0);
        }
    }

    private void putU64(String what, long request, long number) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
            value.set(ValueLayout.JAVA_LONG, 0, number);
            call(what, request, value);
        }
    }

    private void call(String what, long request, MemorySegment argument) {
        int result = calls.ioctl(fd.fd(), request, argument);
        if (result < 0) {
            throw failure("does not " + what, result);
        }
    }

    private VhostException failure(String what, int result) {
        return new VhostException(path + ": " + what
                + (result == 0 ? "" : ": " + Errno.name(-result) + " (" + Errno.text(-result) + ")"));
    }

    @Override
    public void close() {
        fd.close();
    }
}
