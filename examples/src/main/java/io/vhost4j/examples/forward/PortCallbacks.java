// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.VirtioFeature;
import java.util.HashSet;
import java.util.Set;

/** Brings one port's devices to the switchboard and takes them away again. Runs on the library's event thread. */
final class PortCallbacks implements VhostDeviceOps {
    private final Port port;
    private final ForwardSettings settings;
    private final Forwarder forwarder;
    private final Set<VhostDevice> served = new HashSet<>();

    PortCallbacks(Port port, ForwardSettings settings, Forwarder forwarder) {
        this.port = port;
        this.settings = settings;
        this.forwarder = forwarder;
    }

    @Override
    public void newDevice(VhostDevice device) {
        if (settings.requirePacked() && !VirtioFeature.RING_PACKED.in(device.getNegotiatedFeatures())) {
            String message = port.socket() + ": the front-end uses split rings, and --packed turns it away:"
                    + " switch packed rings on there, or leave --packed out";
            forwarder.refused(message);
            return;
        }
        if (settings.mtu() > 0 && device.getMtu() > settings.mtu()) {
            forwarder
                    .events()
                    .error(port.socket() + ": the front-end's MTU is " + device.getMtu() + ", larger than --mtu "
                            + settings.mtu() + ": packets may be chained");
        }
        served.add(device);
        forwarder.ringsKnown(device);
        forwarder.events().deviceUp(port, device);
        forwarder.switchboard().add(port, device);
    }

    @Override
    public void vringStateChanged(VhostDevice device, int queueId, boolean enabled) {
        if (served.contains(device)) {
            forwarder.ringsKnown(device);
            forwarder.switchboard().ringsChanged();
        }
    }

    @Override
    public void featuresChanged(VhostDevice device, long features) {
        forwarder.events().featuresChanged(port.socket(), device.vid(), features);
    }

    @Override
    public void destroyDevice(VhostDevice device) {
        if (served.remove(device)) {
            forwarder.switchboard().remove(port, device);
            forwarder.deviceLeft(device);
        }
    }

    @Override
    public void destroyConnection(VhostDevice device) {
        forwarder.connectionEnded(port, device.vid());
    }
}
