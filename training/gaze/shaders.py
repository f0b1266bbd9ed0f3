"""The shaders: skin, cloth, teeth, lashes, eyes and hair, all procedural."""

VS = """#version 330
in vec3 p; in vec3 n; in vec3 rest; in vec2 uv; in float ao;
uniform mat4 VP; uniform mat4 SVP; uniform mat4 M;
out vec3 P; out vec3 N; out vec3 R; out vec2 T; out float A; out vec4 SP;
void main(){ vec4 w=M*vec4(p,1); P=w.xyz; N=mat3(M)*n; R=rest; T=uv; A=ao; SP=SVP*w; gl_Position=VP*w; }"""

FS = """#version 330
#define kind @K@
in vec3 P; in vec3 N; in vec3 R; in vec2 T; in float A; in vec4 SP;
uniform vec3 cam; uniform vec3 Ldir; uniform vec3 Lcol; uniform vec3 sky; uniform vec3 gnd;
uniform vec3 colA; uniform vec3 colB; uniform vec3 tone; uniform vec3 lip; uniform float baby; uniform vec3 hairc; uniform float scalp;
uniform sampler2D mask; uniform sampler2D shadow; uniform sampler2D bg;
uniform vec3 gaze; uniform vec3 eyeC; uniform vec3 eyeUp; uniform float irisA; uniform vec3 irisC; uniform float hairline;
uniform vec3 rimdir; uniform vec3 rimcol; uniform float neckY;
out vec4 o;
float h13(vec3 p){ p=fract(p*.1031); p+=dot(p,p.zyx+31.32); return fract((p.x+p.y)*p.z); }
float vn(vec3 p){ vec3 i=floor(p),f=fract(p); f=f*f*(3.-2.*f);
 return mix(mix(mix(h13(i),h13(i+vec3(1,0,0)),f.x),mix(h13(i+vec3(0,1,0)),h13(i+vec3(1,1,0)),f.x),f.y),
            mix(mix(h13(i+vec3(0,0,1)),h13(i+vec3(1,0,1)),f.x),mix(h13(i+vec3(0,1,1)),h13(i+vec3(1,1,1)),f.x),f.y),f.z); }
float fbm(vec3 p){ return .5*vn(p)+.25*vn(p*2.03)+.125*vn(p*4.1)+.125*vn(p*8.3); }
float shad(){ vec3 q=SP.xyz/SP.w*.5+.5; if(q.x<0.||q.x>1.||q.y<0.||q.y>1.) return 1.; float s=0.;
 vec2 px=1.6/vec2(textureSize(shadow,0));
 for(int i=-1;i<=1;i++) for(int j=-1;j<=1;j++){ float d=texture(shadow,q.xy+vec2(i,j)*px).r; s+= q.z-.0022>d?0.:1.; }
 return s/9.; }
float g3(vec3 a,vec3 c,float s){ vec3 d=a-c; return exp(-dot(d,d)/(s*s)); }
void main(){
 vec3 n=normalize(N), v=normalize(cam-P); if(dot(n,v)<0.&&kind!=7) n=-n;
 vec3 alb=colA; float spec=.04, gl=12., ao=A; vec3 wrap=vec3(.0); float fres=.0;
 if(kind==7){ o=vec4(texture(bg,T).rgb,1); return; }
 float sh=shad();
 if(kind==0){
  vec4 m=texture(mask,T);
  float b=fbm(R*7.), f=vn(R*75.), f2=vn(R*150.);
  alb=tone*(.93+.14*b)*(.965+.05*f+.03*f2);
  vec3 q=vec3(abs(R.x),R.yz);
  float red=.9*g3(q,vec3(.46,6.86,1.2),.26)+.55*g3(q,vec3(0.,6.93,1.62),.16)+.3*g3(q,vec3(0.,6.3,1.45),.16)+.6*smoothstep(.76,.86,q.x)*step(6.5,R.y)*step(R.y,7.6);
  alb*=mix(vec3(1),vec3(1.03,.80,.77),clamp(red*(.75+.5*b),0.,1.));
  float under=g3(q,vec3(.31,7.08,1.38),.12); alb*=mix(vec3(1),vec3(.86,.78,.80),under*mix(.6,.35,baby));
  alb=mix(alb,alb*vec3(.88,.72,.70),m.g*mix(.55,.4,baby));
  float lm=smoothstep(.25,.8,m.r); alb=mix(alb,lip*(.9+.2*vn(R*vec3(120,20,20))),lm*.85);
  float im=smoothstep(.3,.8,m.b); alb=mix(alb,vec3(.20,.045,.04),im);
  float hz=R.z; float yl= hz<-.1?6.72: hz<.35? mix(6.72,6.95,(hz+.1)/.45): hz<.6? mix(6.95,7.42,(hz-.35)/.25): hz<.9? mix(7.42,7.48,(hz-.6)/.3): hz<1.2? mix(7.48,7.86,(hz-.9)/.3): mix(7.86,8.0,clamp((hz-1.2)/.25,0.,1.));
  float sc=smoothstep(-.02,.10,R.y-yl-hairline+.05*(fbm(R*30.)-.5))*(1.-smoothstep(.80,.86,q.x)); alb=mix(alb,hairc,sc*scalp);
  spec=mix(.05,.035,baby)*(1.-.8*sc)+.10*lm; gl=mix(22.,45.,lm); wrap=vec3(.36,.17,.11); fres=.10*(1.-sc);
 } else if(kind==1){
  if(R.y>neckY-.30*clamp(R.z/.8,0.,1.)+.012*sin(R.x*90.)*0. && abs(R.x)<1.1) discard; float hem=smoothstep(.10,.08,neckY-.30*clamp(R.z/.8,0.,1.)-R.y);
  float s=step(.5,fract(R.y*colB.x)); alb=mix(colA,colA*colB.y,s); float k=vn(vec3(R.xy*70.,R.z*70.)); alb*=(.86+.28*k)*(1.-.25*hem); spec=.01; fres=.06; wrap=vec3(.1);
 } else if(kind==2){ spec=.25; gl=60.; ao=1.; alb*=.8; }
 else if(kind==3){ spec=.15; gl=40.; }
 else if(kind==4){ spec=0.; sh=1.; float th=fract(atan(R.x-sign(R.x)*.31,R.z-1.2)*26.); if(th>.42) discard; }
 else if(kind==5){
  n=normalize(P-eyeC); float c=dot(n,gaze); float a=acos(clamp(c,-1.,1.)); float r=a/irisA;
  vec3 e1=normalize(cross(eyeUp,gaze)), e2=cross(gaze,e1); float th=atan(dot(n,e2),dot(n,e1));
  vec3 scl=vec3(.86,.83,.81)*(1.-.10*smoothstep(1.2,3.,r)*vec3(0.,1.,1.)); scl*=.94+.06*fbm(n*14.);
  float st=vn(vec3(th*9.,r*2.5,1.))*.6+vn(vec3(th*22.,r*2.,5.))*.4;
  vec3 ir=irisC*(.55+.9*st)*mix(1.35,.7,smoothstep(.35,.95,r)); ir*=1.-.75*smoothstep(.80,1.0,r);
  ir=mix(vec3(.008),ir,smoothstep(.36,.42,r)); alb=mix(ir,scl,smoothstep(.95,1.06,r));
  float up=dot(n,eyeUp); ao=mix(1.,.42,smoothstep(.05,.62,up))*mix(1.,.75,smoothstep(.2,.7,-up))*mix(1.,.7,smoothstep(.55,.95,abs(dot(n,normalize(cross(eyeUp,vec3(0,0,1)+.001))))));
  sh=mix(sh,1.,.45); spec=.55; gl=180.; wrap=vec3(.2); }
 else { spec=colB.x; gl=colB.y; fres=.05; if(colB.z>0.){ alb*=.9+.16*fbm(R*vec3(4.,4.,40.)*colB.z);} }
 float nl=dot(n,Ldir); vec3 dif=clamp((vec3(nl)+wrap)/(1.+wrap),0.,1.);
 dif*= mix(vec3(sh),vec3(pow(sh,.6),sh,sh),step(.01,wrap.x));
 vec3 amb=mix(gnd,sky,n.y*.5+.5)*ao*ao;
 vec3 h=normalize(Ldir+v); float sp=spec*pow(max(dot(n,h),0.),gl)*(gl+8.)/14.*sh*max(nl,0.);
 float rim=max(dot(n,rimdir),0.);
 vec3 c=alb*(dif*Lcol*mix(ao,1.,.4)+amb+rim*rimcol*ao)+sp*Lcol + fres*pow(1.-max(dot(n,v),0.),4.)*(sky+rimcol*rim*2.)*ao;
 if(kind==5){ vec3 rr=reflect(-v,n); c+=sky*.06*smoothstep(.2,.9,rr.y); }
 o=vec4(c,1); }"""

HVS = """#version 330
in vec3 p; in vec3 t; in float side; in float rnd; in float u;
uniform mat4 VP; uniform mat4 M; uniform vec3 cam; uniform float width;
out vec3 P; out vec3 TT; out float RR; out float U; out float SS;
void main(){ vec4 w=M*vec4(p,1); vec3 tt=normalize(mat3(M)*t); vec3 s=normalize(cross(tt,cam-w.xyz));
 w.xyz+=s*side*width*(1.-.75*u*u); P=w.xyz; TT=tt; RR=rnd; U=u; SS=side; gl_Position=VP*w; }"""
HFS = """#version 330
#define kind @K@
in vec3 P; in vec3 TT; in float RR; in float U; in float SS;
uniform vec3 cam; uniform vec3 Ldir; uniform vec3 Lcol; uniform vec3 sky; uniform vec3 gnd; uniform vec3 hairc; uniform vec3 headC; uniform float gloss; uniform vec3 rimdir; uniform vec3 rimcol; out vec4 o;
void main(){ vec3 t=normalize(TT), v=normalize(cam-P); vec3 n=normalize(P-headC);
 float tl=dot(t,Ldir); float d=sqrt(max(0.,1.-tl*tl)); float fac=clamp(dot(n,Ldir)*.6+.45,0.,1.);
 vec3 h=normalize(Ldir+v); float th=dot(t,h); float s=pow(sqrt(max(0.,1.-th*th)),60.)*gloss*fac;
 vec3 alb=hairc*(.55+.9*RR)*(.75+.35*U);
 vec3 c=alb*(d*fac*Lcol+mix(gnd,sky,n.y*.5+.5)*(.55+.45*fac)+max(dot(n,rimdir),0.)*rimcol)+s*Lcol*.5*(hairc+.15)+ rimcol*.15*pow(1.-abs(dot(n,v)),3.)*max(dot(n,rimdir),0.); o=vec4(c,1); }"""

SVS = """#version 330
in vec3 p; uniform mat4 SVP; uniform mat4 M; void main(){ gl_Position=SVP*M*vec4(p,1); }"""
SFS = """#version 330
void main(){}"""
