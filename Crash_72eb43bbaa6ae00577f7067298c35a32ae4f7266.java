import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

public class Crash_72eb43bbaa6ae00577f7067298c35a32ae4f7266 {
    static final String base64Bytes = String.join("", "UEAHowAAAAB1dXV1//8NAAAAAADDkwAAAAAAAACawsItwsLDDEAsCv8ABCQq/iYAWAAK/wAEJCr+JgBYANra2tpdAAAAAD4+Pj4+Pj4+Pj4+Pj4+Pk1NTc7Ozs7Ozs7Ozs4AAAAAAAAAAAAAAAAAAAAAAAAAAD4+Pj4+Jz4+AAA=");

    public static void main(String[] args) throws Throwable {
        Crash_72eb43bbaa6ae00577f7067298c35a32ae4f7266.class.getClassLoader().setDefaultAssertionStatus(true);
        try {
            Method fuzzerInitialize = io.vhost4j.core.session.SessionTarget.class.getMethod("fuzzerInitialize");
            fuzzerInitialize.invoke(null);
        } catch (NoSuchMethodException ignored) {
            try {
                Method fuzzerInitialize = io.vhost4j.core.session.SessionTarget.class.getMethod("fuzzerInitialize", String[].class);
                fuzzerInitialize.invoke(null, (Object) args);
            } catch (NoSuchMethodException ignored1) {
            } catch (IllegalAccessException | InvocationTargetException e) {
                e.printStackTrace();
                System.exit(1);
            }
        } catch (IllegalAccessException | InvocationTargetException e) {
            e.printStackTrace();
            System.exit(1);
        }
        byte[] input = java.util.Base64.getDecoder().decode(base64Bytes);
        io.vhost4j.core.session.SessionTarget.fuzzerTestOneInput(input);
    }
}