// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vduse;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A device that this process has made, call by call. One thread at a time. */
final class VduseDevice implements AutoCloseable {
    private static final String CONTROL = "/dev/vduse/control";
    private static final int VENDOR = 0x1af4;
    private static final int NET = 1;
    private static final int ALIGN = 4096;
    private static final int MAX_REGIONS = 8;
    private static final int MAX_NAME = 255;

    private final String name;
    private final OwnedFd control;
    private final OwnedFd fd;

    /** A piece of the kernel's memory: device addresses, and the file that has it. The file is the region's owner's. */
    record Region(long iova, long bytes, long fileOffset, OwnedFd file) {}

    /** A ring as the kernel has set it up. */
    record Ring(int index, int size, long desc, long driver, long device, int base, boolean ready) {}

    private VduseDevice(String name, OwnedFd control, OwnedFd fd) {
        this.name = name;
        this.control = control;
        this.fd = fd;
    }

    /**
     * Makes a network device.
     *
     * @param config its configuration space
     */
    static VduseDevice create(String name, long features, int rings, int ringSize, byte[] config) {
        if (name.isEmpty() || name.length() > MAX_NAME || name.contains("/") || name.equals("control")) {
            throw new VhostException(
                    "VDUSE device '" + name + "': the name must have 1 to 255 characters, none a slash");
        }
        OwnedFd control = openControl();
        OwnedFd fd;
        try {
            make(control, name, features, rings, config);
            try {
                fd = FileCalls.open("/dev/vduse/" + name, FileCalls.O_RDWR | FileCalls.O_NONBLOCK, 0);
            } catch (NativeException e) {
                destroy(control, name);
                throw new VhostException("VDUSE device " + name + ": " + e.getMessage(), e);
            }
        } catch (RuntimeException e) {
            control.close();
            throw e;
        }
        VduseDevice device = new VduseDevice(name, control, fd);
        try {
            for (int i = 0; i < rings; i++) {
                device.setUp(i, ringSize);
            }
            return device;
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    private static OwnedFd openControl() {
        try {
            return FileCalls.open(CONTROL, FileCalls.O_RDWR, 0);
        } catch (NativeException e) {
            String advice = e.errno() == Errno.ENOENT
                    ? "there is no such file: load the module (modprobe vduse)"
                    : e.getMessage();
            throw new VhostException(CONTROL + ": " + advice, e);
        }
    }

    private static void make(OwnedFd control, String name, long features, int rings, byte[] config) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment version = arena.allocate(ValueLayout.JAVA_LONG);
            check(FileCalls.tryIoctl(control.fd(), VduseLayout.SET_API_VERSION, version), CONTROL + ": version 0");
            MemorySegment request = arena.allocate(VduseLayout.CONFIG_BYTES + config.length, Long.BYTES);
            request.setString(0, name, StandardCharsets.US_ASCII);
            request.set(ValueLayout.JAVA_INT, VduseLayout.CONFIG_VENDOR, VENDOR);
            request.set(ValueLayout.JAVA_INT, VduseLayout.CONFIG_DEVICE, NET);
            request.set(ValueLayout.JAVA_LONG, VduseLayout.CONFIG_FEATURES, features);
            request.set(ValueLayout.JAVA_INT, VduseLayout.CONFIG_RINGS, rings);
            request.set(ValueLayout.JAVA_INT, VduseLayout.CONFIG_ALIGN, ALIGN);
            request.set(ValueLayout.JAVA_INT, VduseLayout.CONFIG_SIZE, config.length);
            for (int i = 0; i < config.length; i++) {
                request.set(ValueLayout.JAVA_BYTE, VduseLayout.CONFIG_BYTES + (long) i, config[i]);
            }
            int result = FileCalls.tryIoctl(control.fd(), VduseLayout.CREATE_DEV, request);
            check(
                    result,
                    "VDUSE device " + name + " cannot be made"
                            + (result == -Errno.EINVAL
                                    ? " (kernels before 6.9 make block devices only; a name is to be given once)"
                                    : ""));
        }
    }

    private static void destroy(OwnedFd control, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(VduseLayout.NAME_BYTES);
            text.setString(0, name, StandardCharsets.US_ASCII);
            check(FileCalls.tryIoctl(control.fd(), VduseLayout.DESTROY_DEV, text), "VDUSE device " + name + " stays");
        }
    }

    private void setUp(int ring, int size) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = arena.allocate(VduseLayout.VQ_CONFIG_BYTES, Integer.BYTES);
            config.set(ValueLayout.JAVA_INT, 0, ring);
            config.set(ValueLayout.JAVA_SHORT, VduseLayout.VQ_CONFIG_SIZE, (short) size);
            call(VduseLayout.VQ_SETUP, config, "ring " + ring);
        }
    }

    int fd() {
        return fd.fd();
    }

    /** What the kernel's driver has chosen. */
    long features() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment features = arena.allocate(ValueLayout.JAVA_LONG);
            call(VduseLayout.GET_FEATURES, features, "its features");
            return features.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    Ring ring(int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(VduseLayout.INFO_BYTES, Long.BYTES);
            info.set(ValueLayout.JAVA_INT, 0, index);
            call(VduseLayout.VQ_GET_INFO, info, "ring " + index);
            return new Ring(
                    index,
                    info.get(ValueLayout.JAVA_INT, VduseLayout.INFO_NUM),
                    info.get(ValueLayout.JAVA_LONG, VduseLayout.INFO_DESC),
                    info.get(ValueLayout.JAVA_LONG, VduseLayout.INFO_DRIVER),
                    info.get(ValueLayout.JAVA_LONG, VduseLayout.INFO_DEVICE),
                    info.get(ValueLayout.JAVA_SHORT, VduseLayout.INFO_STATE) & 0xffff,
                    info.get(ValueLayout.JAVA_BYTE, VduseLayout.INFO_READY) != 0);
        }
    }

    /** All memory that is mapped; the caller closes the files. */
    List<Region> regions() {
        List<Region> regions = new ArrayList<>();
        long start = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment entry = arena.allocate(VduseLayout.ENTRY_BYTES, Long.BYTES);
            while (regions.size() < MAX_REGIONS) {
                entry.set(ValueLayout.JAVA_LONG, VduseLayout.ENTRY_START, start);
                entry.set(ValueLayout.JAVA_LONG, VduseLayout.ENTRY_LAST, -1L);
                int file = FileCalls.tryIoctl(fd.fd(), VduseLayout.IOTLB_GET_FD, entry);
                if (file < 0) {
                    break;
                }
                long first = entry.get(ValueLayout.JAVA_LONG, VduseLayout.ENTRY_START);
                long last = entry.get(ValueLayout.JAVA_LONG, VduseLayout.ENTRY_LAST);
                long offset = entry.get(ValueLayout.JAVA_LONG, VduseLayout.ENTRY_OFFSET);
                regions.add(new Region(first, last - first + 1, offset, OwnedFd.of(file)));
                start = last + 1;
                if (start == 0) {
                    break;
                }
            }
        }
        return regions;
    }

    /** Has a ring's notifications signal a descriptor; -1 to end. */
    void setKick(int ring, int eventFd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment event = arena.allocate(Long.BYTES, Integer.BYTES);
            event.set(ValueLayout.JAVA_INT, 0, ring);
            event.set(ValueLayout.JAVA_INT, Integer.BYTES, eventFd);
            call(VduseLayout.VQ_SETUP_KICKFD, event, "notifications of ring " + ring);
        }
    }

    /** Notifies the kernel's driver of used buffers. */
    void interrupt(int ring) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment index = arena.allocate(ValueLayout.JAVA_INT);
            index.set(ValueLayout.JAVA_INT, 0, ring);
            // a ring that is being taken down takes none
            FileCalls.tryIoctl(fd.fd(), VduseLayout.VQ_INJECT_IRQ, index);
        }
    }

    /** Reads the kernel's next request; false if there is none. */
    boolean read(MemorySegment request) {
        return FileCalls.read(fd.fd(), request, 0, VduseLayout.REQUEST_BYTES) == VduseLayout.REQUEST_BYTES;
    }

    /** Answers a request. */
    void answer(MemorySegment answer) {
        if (FileCalls.write(fd.fd(), answer, 0, VduseLayout.REQUEST_BYTES) != VduseLayout.REQUEST_BYTES) {
            throw new VhostException("VDUSE device " + name + ": the kernel did not take an answer");
        }
    }

    private void call(long request, MemorySegment argument, String what) {
        check(FileCalls.tryIoctl(fd.fd(), request, argument), "VDUSE device " + name + ": " + what);
    }

    private static void check(int result, String what) {
        if (result < 0) {
            throw new VhostException(what + ": " + Errno.name(-result) + " (" + Errno.text(-result) + ")");
        }
    }

    /** Closes and removes the device. While it is on the kernel's bus that is refused, and it stays there until {@code vdpa dev del}. */
    @Override
    public void close() {
        try (control) {
            fd.close();
            destroy(control, name);
        }
    }
}
