// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.core.layout.VhostUserConfig;
import io.vhost4j.core.protocol.FrontendRequest;
import io.vhost4j.vdpa.VdpaDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** The requests about the configuration space, which is the vDPA device's or the application's. Event thread only. */
final class ConfigSpace {
    private static final long FLAG_MIGRATION = 1;

    private final VhostDevice device;
    private final VhostDeviceOps ops;
    private final Negotiation agreed;
    private final VdpaControl vdpa;

    ConfigSpace(VhostDevice device, VhostDeviceOps ops, Negotiation agreed, VdpaControl vdpa) {
        this.vdpa = vdpa;
        this.device = device;
        this.ops = ops;
        this.agreed = agreed;
    }

    /** Answers without payload where there is nothing to read, as the specification wants. */
    Reply read(FrontendRequest.GetConfig request) {
        if (!ProtocolFeature.CONFIG.in(agreed.protocolFeatures())) {
            return new Reply.Empty();
        }
        if (!inside(request.offset(), request.size())) {
            throw new RequestRejectedException("GET_CONFIG: offset=" + request.offset() + ", size=" + request.size()
                    + ": the configuration space has " + VhostUserConfig.MAX_DATA + " bytes");
        }
        byte[] bytes = new byte[(int) request.size()];
        if (!call("getConfig", () -> read((int) request.offset(), bytes))) {
            return new Reply.Empty();
        }
        MemorySegment payload = Arena.ofAuto().allocate(VhostUserConfig.DATA + bytes.length, Long.BYTES);
        payload.set(ValueLayout.JAVA_INT, VhostUserConfig.OFFSET, (int) request.offset());
        payload.set(ValueLayout.JAVA_INT, VhostUserConfig.SIZE, bytes.length);
        payload.set(ValueLayout.JAVA_INT, VhostUserConfig.FLAGS, (int) request.flags());
        for (int i = 0; i < bytes.length; i++) {
            payload.set(ValueLayout.JAVA_BYTE, VhostUserConfig.DATA + i, bytes[i]);
        }
        return new Reply.Raw(payload, List.of());
    }

    /** Lets the application take what was written. */
    Reply write(FrontendRequest.SetConfig request) {
        agreed.require(ProtocolFeature.CONFIG, "SET_CONFIG");
        String what = "SET_CONFIG: offset=" + request.offset() + ", size=" + request.size();
        if (request.size() != request.bytes().length || !inside(request.offset(), request.size())) {
            throw new RequestRejectedException(what + ": " + request.bytes().length + " bytes came, and "
                    + VhostUserConfig.MAX_DATA + " is where the configuration space ends");
        }
        boolean migration = request.flags() == FLAG_MIGRATION;
        if (!call("setConfig", () -> write((int) request.offset(), request.bytes(), migration))) {
            throw new RequestRejectedException(what + ": the application does not take it");
        }
        return Reply.ACK;
    }

    private boolean read(int offset, byte[] into) {
        VdpaDevice hardware = vdpa.target();
        return hardware == null ? ops.getConfig(device, offset, into) : hardware.getConfig(offset, into);
    }

    private boolean write(int offset, byte[] bytes, boolean migration) {
        VdpaDevice hardware = vdpa.target();
        return hardware == null ? ops.setConfig(device, offset, bytes, migration) : hardware.setConfig(offset, bytes);
    }

    private static boolean inside(long offset, long size) {
        return size > 0 && offset + size <= VhostUserConfig.MAX_DATA;
    }

    /** The application's part. */
    @FunctionalInterface
    private interface Access {
        boolean run();
    }

    private static boolean call(String name, Access access) {
        try {
            return access.run();
        } catch (Throwable t) {
            throw new CallbackFailedException(name, t);
        }
    }
}
